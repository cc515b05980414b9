// A vendor's program in Java 17 or later without dependencies: the program's side of
// docs/offline-protocol.md. On the command line, compiled and beside product.json:
//   java Licence request KEY | install FILE | status | deactivate | receipt FILE
// A fingerprint of its own, such as one from a dongle, comes in the variable FINGERPRINT.
import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.InetAddress;
import java.nio.file.*;
import java.security.*;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.*;
import java.util.function.LongSupplier;

/** The licence of one product on this machine. `state` is what it keeps; see `main`. */
public class Licence extends Jws {
    static final int SYSTEMS_APART = 14 * 3600; // seconds
    static final String RESPONSE = "JWT", RECEIPT = "offline-deactivation-receipt+jwt";

    final Map<String, RSAPublicKey> keys;
    final String productId, fingerprint;
    final LongSupplier now;
    Map<String, Object> state;

    Licence(Map<String, Object> product, String fingerprint, Map<String, Object> state, LongSupplier now)
            throws Exception {
        this.keys = keysOf(product);
        this.productId = product.get("productId").toString();
        this.fingerprint = fingerprint;
        this.state = state;
        this.now = now;
    }

    static byte[] bytesOf(Object text) { return String.valueOf(text).getBytes(UTF_8); }

    static String sha256(String text, boolean hex) throws Exception {
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(bytesOf(text));
        return hex ? HexFormat.of().formatHex(digest) : encode(digest);
    }

    static Map<String, Object> map(Object... pairs) {
        Map<String, Object> made = new LinkedHashMap<>();
        for (int at = 0; at < pairs.length; at += 2) made.put(pairs[at].toString(), pairs[at + 1]);
        return made;
    }

    static Map<String, Object> jwk(Object x) { return map("crv", "Ed25519", "kty", "OKP", "x", x); }

    /** Letters and digits, without case: by these a key is compared. */
    static String form(Object key) {
        return String.valueOf(key).toLowerCase(Locale.ROOT).replaceAll("[^\\p{L}\\p{N}]", "");
    }

    long number(String name) { return state.get(name) instanceof Long number ? number : 0; }

    String request(String text) throws Exception {
        if (!state.containsKey("machine")) {
            KeyPair pair = KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
            byte[] x = pair.getPublic().getEncoded(), d = pair.getPrivate().getEncoded();
            state.put("machine", map("x", encode(Arrays.copyOfRange(x, x.length - 32, x.length)),
                "d", encode(Arrays.copyOfRange(d, d.length - 32, d.length))));
        }
        state.putAll(map("key", licenceKey(text), "request", UUID.randomUUID().toString()));
        String os = System.getProperty("os.name");
        boolean windows = os.startsWith("Windows"), mac = os.startsWith("Mac");
        return signed("offline-activation-request+jwt", map(
            "jti", state.get("request"), "key", state.get("key"),
            "os", windows ? "windows" : mac ? "macos" : "linux",
            "osVersion", System.getProperty("os.version"), "clientVersion", "example-java 1",
            "hostname", InetAddress.getLocalHost().getHostName()));
    }

    String signed(String typ, Map<String, Object> payload) throws Exception {
        Map<?, ?> machine = (Map<?, ?>) state.get("machine");
        payload.putAll(map("iat", now.getAsLong(), "productId", productId, "fingerprint", fingerprint));
        Map<String, Object> header = map("alg", "Ed25519", "typ", typ, "jwk", jwk(machine.get("x")));
        String parts = encode(bytesOf(Json.write(header))) + "." + encode(bytesOf(Json.write(payload)));
        byte[] pkcs8 = HexFormat.of().parseHex("302e020100300506032b657004220420"
            + HexFormat.of().formatHex(decode(machine.get("d").toString())));
        Signature signature = Signature.getInstance("Ed25519");
        KeyFactory keys = KeyFactory.getInstance("Ed25519");
        signature.initSign(keys.generatePrivate(new PKCS8EncodedKeySpec(pkcs8)));
        signature.update(bytesOf(parts));
        return parts + "." + encode(signature.sign());
    }

    Verified claimsOf(byte[] bytes) throws Exception {
        Verified found = verified(bytes, keys);
        Map<String, Object> claims = found.claims();
        must(RESPONSE.equals(found.typ()), "kind");
        for (String name : List.of("iat", "eat", "leat", "orv"))
            must(claims.get(name) instanceof Long time && time >= 0 && time < 1L << 53, "claims");
        must(claims.get("suspended") instanceof Boolean, "claims");
        must(claims.get("key") instanceof String, "claims");
        must(productId.equals(claims.get("pid")), "product");
        must(fingerprint.equals(claims.get("fp")), "fingerprint");
        must(state.get("machine") instanceof Map<?, ?> machine
            && claims.get("cnf") instanceof Map<?, ?> cnf
            && sha256(Json.write(jwk(machine.get("x"))), false).equals(cnf.get("jkt")), "machine-key");
        return found;
    }

    String install(byte[] bytes) throws Exception {
        Verified found = claimsOf(bytes);
        long iat = (Long) found.claims().get("iat");
        boolean asked = state.containsKey("request");
        must(asked && form(found.claims().get("key")).equals(form(state.get("key"))), "key");
        // Signed later than the one before: the vendor's word about the time.
        boolean news = iat > number("signedAt");
        long seen = Math.max(now.getAsLong(), news ? iat : number("seen"));
        boolean same = found.jws().equals(state.get("token"));
        must(same || seen < (Long) found.claims().get("orv"), "run-out");
        if (news) state.putAll(map("signedAt", iat, "seen", iat));
        state.putAll(map("token", found.jws(), "tokenKey", found.claims().get("key")));
        return status();
    }

    String status() throws Exception {
        if (!state.containsKey("token")) return "not-activated";
        Map<String, Object> claims;
        try { claims = claimsOf(bytesOf(state.get("token"))).claims(); }
        catch (Refused error) {
            return error.why.matches("fingerprint|machine-key") ? "other-machine" : "invalid";
        }
        if (!claims.get("key").equals(state.get("tokenKey"))) return "invalid";
        long before = number("seen"), seen = Math.max(now.getAsLong(), before);
        state.put("seen", seen);
        long allowed = Math.max(claims.get("aco") instanceof Long offset ? offset : 0, SYSTEMS_APART);
        long latest = Math.max(before, (Long) claims.get("iat"));
        if (now.getAsLong() + allowed < latest) return "clock-set-back";
        if ((Boolean) claims.get("suspended")) return "suspended";
        String[][] ends = {{"eat", "expired"}, {"leat", "lease-expired"}, {"ssgpeat", "sync-overdue"}};
        for (String[] end : ends)
            if (claims.get(end[0]) instanceof Long time && time != 0 && time <= seen) return end[1];
        return "valid";
    }

    String deactivate() throws Exception {
        boolean asked = !state.containsKey("token") && state.containsKey("text");
        if (asked) return state.get("text").toString();
        Map<String, Object> claims = claimsOf(bytesOf(state.get("token"))).claims();
        String req = UUID.randomUUID().toString();
        String text = signed("offline-deactivation-request+jwt",
            map("jti", req, "key", claims.get("key"), "activationId", claims.get("aid")));
        // From here on the machine has no key: store this before the text is handed out.
        state = map("seen", number("seen"), "text", text,
            "req", req, "aid", claims.get("aid"), "lid", claims.get("lid"));
        return text;
    }

    String receipt(byte[] bytes) throws Exception {
        Verified found = verified(bytes, keys);
        must(RECEIPT.equals(found.typ()), "kind");
        for (String name : List.of("req", "aid", "lid"))
            must(state.containsKey(name) && state.get(name).equals(found.claims().get(name)), "request");
        state.keySet().retainAll(Set.of("seen"));
        return "done";
    }

    public static void main(String[] given) throws Exception {
        Path file = Path.of("licence.json"), fresh = Path.of("licence.json.new");
        Map<String, Object> product = productIn(Files.readAllBytes(Path.of("product.json")));
        String own = System.getenv("FINGERPRINT");
        String id = own != null ? own : Files.readString(Path.of("/etc/machine-id")).strip();
        must(id.matches("[0-9a-f]{32,}"), "this system has no id of its own");
        String fingerprint = sha256(product.get("productId") + " " + id, true);
        Map<String, Object> state = Files.exists(file) ? Json.read(Files.readString(file)) : map();
        Licence licence =
            new Licence(product, fingerprint, state, () -> System.currentTimeMillis() / 1000);
        String said = switch (given[0]) {
            case "request" -> licence.request(given[1]);
            case "install" -> licence.install(Files.readAllBytes(Path.of(given[1])));
            case "status" -> licence.status();
            case "deactivate" -> licence.deactivate();
            case "receipt" -> licence.receipt(Files.readAllBytes(Path.of(given[1])));
            default -> throw new Refused("no such command");
        };
        Files.writeString(fresh, Json.write(licence.state));
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
        System.out.println(said);
    }
}
