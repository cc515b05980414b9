import java.nio.file.*;
import java.util.*;

/** Runs the vectors: java Vectors ../../../tests/offline/data/vectors.json */
class Vectors {
    interface Run { Object of(Map<String, Object> vector) throws Exception; }

    static Map<String, Object> all, context;

    @SuppressWarnings("unchecked")
    static Map<String, Object> in(Map<String, Object> from, String name) {
        return (Map<String, Object>) from.get(name);
    }

    static byte[] bytes(Map<String, Object> vector) {
        Object coded = vector.get("base64");
        if (coded == null) return Licence.bytesOf(vector.get("text"));
        return Base64.getDecoder().decode(coded.toString());
    }

    static Licence licence(Map<String, Object> vector, Object... kept) throws Exception {
        List<Object> keys = new ArrayList<>();
        for (Object name : (List<?>) context.get("publicKeys"))
            keys.add(in(all, "products").get(name));
        Map<String, Object> product =
            Licence.map("productId", context.get("productId"), "publicKeys", keys);
        Map<String, Object> state = Licence.map("machine", all.get("machine"),
            "key", vector.getOrDefault("asked", context.get("key")),
            "request", context.get("activationRequest"),
            "seen", vector.get("lastSeen"), "signedAt", vector.get("signedAt"));
        state.putAll(Licence.map(kept));
        String fingerprint = vector.getOrDefault("fingerprint", context.get("fingerprint")).toString();
        long now = (Long) vector.getOrDefault("now", context.get("now"));
        return new Licence(product, fingerprint, state, () -> now);
    }

    static final Map<String, Run> RUNS = Map.of(
        "responses", vector -> licence(vector).install(bytes(vector)),
        "starts", vector -> licence(vector,
            "token", vector.get("text"), "tokenKey", context.get("key")).status(),
        "receipts", vector -> licence(vector, "req", context.get("deactivationRequest"),
            "aid", context.get("activationId"), "lid", context.get("licenseId")).receipt(bytes(vector)),
        "productFiles", vector ->
            new ArrayList<>(Licence.keysOf(Licence.productIn(bytes(vector))).keySet()),
        "licenseKeys", vector -> Licence.licenceKey(vector.get("text").toString()));

    static Object wanted(String kind, Map<String, Object> vector) {
        if ("refused".equals(vector.get("outcome"))) return vector.getOrDefault("why", "refused");
        return switch (kind) {
            case "receipts" -> "done";
            case "productFiles" -> vector.get("kids");
            case "licenseKeys" -> vector.get("key");
            default -> vector.getOrDefault("status", "valid");
        };
    }

    @SuppressWarnings("unchecked")
    public static void main(String[] given) throws Exception {
        all = Json.read(Files.readString(Path.of(given[0])));
        context = in(all, "context");
        int passed = 0, failed = 0;
        for (String kind : RUNS.keySet()) {
            for (Map<String, Object> vector : (List<Map<String, Object>>) all.get(kind)) {
                Object found;
                try { found = RUNS.get(kind).of(vector); }
                catch (Licence.Refused error) {
                    found = kind.equals("productFiles") ? "refused" : error.why;
                }
                boolean right = wanted(kind, vector).equals(found);
                if (right) passed++; else failed++;
                if (!right) System.err.println(kind + ", " + vector.get("name") + ": " + found
                    + " instead of " + wanted(kind, vector));
            }
        }
        System.out.println(passed + " passed, " + failed + " failed");
        System.exit(failed > 0 ? 1 : 0);
    }
}
