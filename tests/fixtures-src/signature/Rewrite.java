// Reads bodies on standard input, prints {name: [answers]}.
import com.fasterxml.jackson.databind.*;
import com.google.gson.*;
import java.util.*;

public class Rewrite {
    interface Form { String of(String body) throws Exception; }

    public static void main(String[] arguments) throws Exception {
        ObjectMapper mapper = new ObjectMapper();
        Gson gson = new Gson();
        Gson plain = new GsonBuilder().disableHtmlEscaping().create();
        Gson nulls = new GsonBuilder().serializeNulls().create();
        Gson pretty = new GsonBuilder().setPrettyPrinting().create();
        Map<String, Form> forms = new LinkedHashMap<>();
        forms.put("Java Jackson", b -> mapper.writeValueAsString(mapper.readTree(b)));
        forms.put("Java Jackson, pretty", b -> mapper.writerWithDefaultPrettyPrinter().writeValueAsString(mapper.readTree(b)));
        forms.put("Java Gson", b -> gson.toJson(JsonParser.parseString(b)));
        forms.put("Java Gson, disableHtmlEscaping", b -> plain.toJson(JsonParser.parseString(b)));
        forms.put("Java Gson, serializeNulls", b -> nulls.toJson(JsonParser.parseString(b)));
        forms.put("Java Gson of a map", b -> gson.toJson(gson.fromJson(b, Object.class)));
        forms.put("Java Gson, pretty", b -> pretty.toJson(JsonParser.parseString(b)));
        String[] bodies = mapper.readValue(System.in, String[].class);
        Map<String, List<String>> all = new LinkedHashMap<>();
        for (var form : forms.entrySet()) {
            List<String> answers = new ArrayList<>();
            for (String body : bodies) {
                try { answers.add(form.getValue().of(body)); } catch (Exception failed) { answers.add(null); }
            }
            all.put(form.getKey(), answers);
        }
        mapper.configure(com.fasterxml.jackson.core.JsonGenerator.Feature.ESCAPE_NON_ASCII, true);
        System.out.println(mapper.writeValueAsString(all));
    }
}
