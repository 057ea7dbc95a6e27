// Runs the receiver that docs/signatures.md shows for Spring, with as much of Spring as it uses. The test puts the
// receiver in the place of the line below.
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.concurrent.Executors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

public class Documented {
    static final String SECRET = System.getenv("SECRET");

    @interface PostMapping { String value(); }
    @interface RequestHeader { String name(); boolean required(); }
    @interface RequestBody {}

    record ResponseEntity<T>(int status, T body) {
        record Builder(int status) {
            ResponseEntity<String> body(String text) { return new ResponseEntity<>(status, text); }
        }

        static Builder status(int status) { return new Builder(status); }
    }

    //RECEIVER

    void handle(HttpExchange exchange) throws java.io.IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        ResponseEntity<String> answer;
        try {
            var headers = exchange.getRequestHeaders();
            answer = receive(headers.getFirst("X-Webhook-Signature"), headers.getFirst("X-Webhook-Timestamp"), body);
        } catch (Exception error) {
            answer = new ResponseEntity<>(500, error.toString());
        }
        byte[] said = answer.body().getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(answer.status(), said.length);
        exchange.getResponseBody().write(said);
        exchange.close();
    }

    public static void main(String[] arguments) throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext("/", new Documented()::handle);
        server.setExecutor(Executors.newCachedThreadPool());
        server.start();
        System.out.println(server.getAddress().getPort());
    }
}
