// A receiver as a servlet on Tomcat, correct or with one mistake. The receiver that docs/signatures.md shows is compiled
// beside it.
//   java -cp … Receiver MODE
import jakarta.servlet.ServletException;
import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.apache.catalina.startup.Tomcat;

public class Receiver extends HttpServlet {
    static final String SECRET = System.getenv("TRACKPILOTS_WEBHOOKS_SECRET_KEY");
    static final String PATH = "/webhooks/trackpilots";

    interface Body { byte[] of(HttpServletRequest request) throws IOException, ServletException; }

    interface Verdict { boolean of(String signature, String timestamp, byte[] body); }

    static byte[] hmac(String algorithm, byte[] key, byte[]... parts) {
        try {
            Mac mac = Mac.getInstance(algorithm);
            mac.init(new SecretKeySpec(key, algorithm));
            for (byte[] part : parts) mac.update(part);
            return mac.doFinal();
        } catch (GeneralSecurityException error) {
            throw new IllegalStateException(error);
        }
    }

    static byte[] digest(String timestamp, byte[] body, String key) {
        return hmac("HmacSHA256", utf8(key), utf8(timestamp + "."), body);
    }

    static byte[] digest(String timestamp, byte[] body) { return digest(timestamp, body, SECRET); }

    static String hex(byte[] bytes) { return HexFormat.of().formatHex(bytes); }

    static byte[] utf8(String text) { return text.getBytes(StandardCharsets.UTF_8); }

    static byte[] whole(HttpServletRequest request) throws IOException { return request.getInputStream().readAllBytes(); }

    static String text(HttpServletRequest request) throws IOException {
        return request.getReader().lines().collect(Collectors.joining("\n"));
    }

    static String characters(HttpServletRequest request) throws IOException {
        StringBuilder text = new StringBuilder();
        char[] buffer = new char[8192];
        for (int count; (count = request.getReader().read(buffer)) >= 0; ) text.append(buffer, 0, count);
        return text.toString();
    }

    static boolean equal(String one, String other) { return MessageDigest.isEqual(utf8(one), utf8(other)); }

    // How each receiver reads the body.
    static final Map<String, Body> BODIES = Map.ofEntries(
        Map.entry("reader-utf8", request -> {
            request.setCharacterEncoding("UTF-8");
            return utf8(characters(request));
        }),
        // Where the content type names no charset, a reader decodes ISO-8859-1.
        Map.entry("reader-default", request -> {
            return utf8(characters(request));
        }),
        Map.entry("lines-joined", request -> {
            request.setCharacterEncoding("UTF-8");
            return utf8(request.getReader().lines().collect(Collectors.joining()));
        }),
        Map.entry("lines-with-newlines", request -> {
            request.setCharacterEncoding("UTF-8");
            return utf8(text(request));
        }),
        Map.entry("ascii", request -> new String(whole(request), StandardCharsets.UTF_8).getBytes(StandardCharsets.US_ASCII)),
        Map.entry("latin1", request -> new String(whole(request), StandardCharsets.UTF_8).getBytes(StandardCharsets.ISO_8859_1)),
        Map.entry("parameter", request -> utf8(String.valueOf(request.getParameter("payload")))),
        Map.entry("parameter-first", request -> {
            request.getParameter("token");
            return whole(request);
        }),
        Map.entry("reads-twice", request -> {
            whole(request);
            return whole(request);
        }),
        Map.entry("reader-then-stream", request -> {
            text(request);
            return whole(request);
        }),
        Map.entry("one-read", request -> {
            byte[] buffer = new byte[512];
            int count = request.getInputStream().read(buffer);
            return java.util.Arrays.copyOf(buffer, Math.max(count, 0));
        }),
        Map.entry("bytes-to-string", request -> utf8(whole(request).getClass().getName() + "@1b6d3586")),
        Map.entry("trims", request -> utf8(new String(whole(request), StandardCharsets.UTF_8).trim())));

    // How each receiver decides.
    static final Map<String, Verdict> VERDICTS = Map.ofEntries(
        Map.entry("big-integer", (s, t, body) -> equal(new BigInteger(1, digest(t, body)).toString(16), s)),
        Map.entry("to-hex-string", (s, t, body) -> {
            StringBuilder text = new StringBuilder();
            for (byte one : digest(t, body)) text.append(Integer.toHexString(one & 0xff));
            return equal(text.toString(), s);
        }),
        Map.entry("base64", (s, t, body) -> equal(Base64.getEncoder().encodeToString(digest(t, body)), s)),
        Map.entry("upper-case", (s, t, body) -> equal(hex(digest(t, body)).toUpperCase(), s)),
        Map.entry("equals-ignore-case", (s, t, body) -> hex(digest(t, body)).equalsIgnoreCase(s)),
        Map.entry("starts-with", (s, t, body) -> hex(digest(t, body)).startsWith(s)),
        Map.entry("contains", (s, t, body) -> s.contains(hex(digest(t, body)))),
        Map.entry("parse-hex", (s, t, body) -> MessageDigest.isEqual(HexFormat.of().parseHex(s), digest(t, body))),
        Map.entry("secret-unset", (s, t, body) -> equal(hex(digest(t, body, String.valueOf(System.getenv("WEBHOOK_SECRET")))), s)),
        Map.entry("secret-file", (s, t, body) -> equal(hex(digest(t, body, SECRET + "\n")), s)),
        Map.entry("body-alone", (s, t, body) -> equal(hex(hmac("HmacSHA256", utf8(SECRET), body)), s)),
        Map.entry("sha512", (s, t, body) -> equal(hex(hmac("HmacSHA512", utf8(SECRET), utf8(t + "."), body)), s)),
        Map.entry("no-dot", (s, t, body) -> equal(hex(hmac("HmacSHA256", utf8(SECRET), utf8(t), body)), s)),
        Map.entry("none", (s, t, body) -> true));

    static String mode;

    @Override
    protected void doPost(HttpServletRequest request, HttpServletResponse response) throws IOException, ServletException {
        String signature = request.getHeader("X-Webhook-Signature"), timestamp = request.getHeader("X-Webhook-Timestamp");
        if (mode.equals("null-header")) {
            response.setStatus(signature.equals(hex(digest(timestamp, whole(request)))) ? 200 : 401);
            return;
        }
        if (mode.equals("none")) {
            return;
        }
        if (signature == null || signature.isEmpty() || timestamp == null || timestamp.isEmpty()) {
            response.sendError(400, "Missing signature");
            return;
        }
        byte[] body = BODIES.getOrDefault(mode, Receiver::whole).of(request);
        Verdict verdict = VERDICTS.getOrDefault(mode, (s, t, bytes) -> equal(hex(digest(t, bytes)), s));
        if (!verdict.of(signature, timestamp, body)) response.sendError(401, "Invalid signature");
    }

    public static void main(String[] arguments) throws Exception {
        mode = arguments[0];
        Tomcat tomcat = new Tomcat();
        tomcat.setBaseDir(Files.createTempDirectory("tomcat").toString());
        tomcat.setHostname("127.0.0.1");
        tomcat.setPort(0);
        tomcat.getConnector().setProperty("address", "127.0.0.1");
        var context = tomcat.addContext("", null);
        HttpServlet servlet = mode.equals("documented") ? new TrackpilotsWebhook() : new Receiver();
        Tomcat.addServlet(context, "receiver", servlet);
        String route = switch (mode) {
            case "other-path" -> "/webhook";
            default -> PATH;
        };
        context.addServletMappingDecoded(route, "receiver");
        tomcat.start();
        System.out.println(tomcat.getConnector().getLocalPort());
        System.out.flush();
        tomcat.getServer().await();
    }
}
