import static java.nio.charset.StandardCharsets.*;

import java.nio.ByteBuffer;
import java.nio.charset.*;
import java.security.*;
import java.security.interfaces.RSAPublicKey;
import java.security.spec.X509EncodedKeySpec;
import java.text.Normalizer;
import java.util.*;
import java.util.regex.*;

/** Files and licence keys as they come, and what the portal has signed, read strictly. */
class Jws {
    static final int LARGEST = 65536;

    @SuppressWarnings("serial")
    static class Refused extends RuntimeException {
        final String why;
        Refused(String why) { super("refused: " + why); this.why = why; }
    }

    static void must(boolean holds, String why) { if (!holds) throw new Refused(why); }

    // --- Files as they come ---

    static String textOf(byte[] bytes) {
        must(bytes.length <= LARGEST, "text");
        int a = bytes.length > 0 ? bytes[0] & 255 : -1, b = bytes.length > 1 ? bytes[1] & 255 : -1;
        Charset charset = a == 0xff && b == 0xfe || b == 0 ? UTF_16LE
            : a == 0xfe && b == 0xff || a == 0 ? UTF_16BE : UTF_8;
        return decoded(bytes, charset, "text").replaceAll("\\p{Cf}", "").replace("\r", "\n")
            .replaceAll("(?mU)^[\\s>&&[^\\n]]*>[\\s&&[^\\n]]*", "");
    }

    static String decoded(byte[] bytes, Charset charset, String why) {
        try { return charset.newDecoder().decode(ByteBuffer.wrap(bytes)).toString(); }
        catch (CharacterCodingException error) { throw new Refused(why); }
    }

    static String jwsIn(String text, Set<Integer> lengths) {
        List<String> all = List.of(text.strip().split("(?U)\\s+"));
        int begin = 0, dots = 0, length = 0;
        while (begin < all.size() && !all.get(begin).startsWith("eyJ")) begin++;
        List<String> words = all.subList(begin % all.size(), all.size());
        for (int end = 1; end <= words.size(); end++) {
            String word = words.get(end - 1);
            int dot = word.lastIndexOf('.');
            dots += word.chars().filter(sign -> sign == '.').count();
            length = word.length() - dot - 1 + (dot < 0 ? length : 0);
            if (dots == 2 && lengths.contains(length)) return String.join("", words.subList(0, end));
        }
        return String.join("", all);
    }

    static Map<String, RSAPublicKey> keysOf(Map<String, Object> product) throws Exception {
        Map<String, RSAPublicKey> keys = new LinkedHashMap<>();
        for (Object each : (List<?>) product.get("publicKeys")) {
            Matcher pem = Pattern.compile("-----BEGIN ?PUBLIC ?KEY-----([^-]+)-----END")
                .matcher(((Map<?, ?>) each).get("pem").toString());
            must(pem.find(), "product");
            byte[] der = Base64.getMimeDecoder().decode(pem.group(1));
            keys.put(((Map<?, ?>) each).get("kid").toString(), (RSAPublicKey)
                KeyFactory.getInstance("RSA").generatePublic(new X509EncodedKeySpec(der)));
        }
        must(!keys.isEmpty() && product.get("productId") instanceof String, "product");
        return keys;
    }

    static Map<String, Object> productIn(byte[] bytes) {
        String text = textOf(bytes).lines().map(String::strip).reduce("", String::concat);
        must(text.contains("{") && text.contains("}"), "product");
        return Json.read(text.substring(text.indexOf('{'), text.lastIndexOf('}') + 1));
    }

    static String licenceKey(String text) {
        String dashed = text.replaceAll("\\p{Cf}", "").replaceAll("[\\p{Pd}\u2212\u30fc\u2500]", "-");
        String key = Normalizer.normalize(dashed, Normalizer.Form.NFKC).replaceAll("(?U)\\s", "");
        String digits = key.replaceAll("[^0-9A-Za-z]", "").toUpperCase(Locale.ROOT);
        return digits.matches("[0-9A-F]{36}") ? digits.replaceAll("(?<=.)(?=(.{6})+$)", "-") : key;
    }

    // --- JWS, strictly ---

    static String encode(byte[] raw) { return Base64.getUrlEncoder().withoutPadding().encodeToString(raw); }

    static byte[] decode(String part) {
        must(part.matches("[A-Za-z0-9_-]+") && part.length() % 4 != 1, "base64");
        byte[] raw = Base64.getUrlDecoder().decode(part);
        must(encode(raw).equals(part), "base64");
        return raw;
    }

    record Verified(String jws, Object typ, Map<String, Object> claims) {}

    static Verified verified(byte[] bytes, Map<String, RSAPublicKey> keys) throws Exception {
        Set<Integer> lengths = new HashSet<>();
        for (RSAPublicKey key : keys.values())
            lengths.add((key.getModulus().bitLength() / 8 * 4 + 2) / 3);
        String jws = jwsIn(textOf(bytes), lengths);
        String[] parts = jws.split("\\.", -1);
        must(parts.length == 3, "text");
        Map<String, Object> header = Json.read(decoded(decode(parts[0]), UTF_8, "json"));
        must("RS256".equals(header.get("alg")) && !header.containsKey("crit"), "algorithm");
        must(header.get("kid") instanceof String kid && keys.containsKey(kid), "kid");
        Signature signature = Signature.getInstance("SHA256withRSA");
        signature.initVerify(keys.get(header.get("kid")));
        signature.update((parts[0] + "." + parts[1]).getBytes(US_ASCII));
        byte[] signed = decode(parts[2]);
        try { must(signature.verify(signed), "signature"); }
        catch (SignatureException error) { throw new Refused("signature"); }
        String claims = decoded(decode(parts[1]), UTF_8, "json");
        return new Verified(jws, header.get("typ"), Json.read(claims));
    }
}
