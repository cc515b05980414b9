import java.util.*;

/** JSON as the protocol wants it: no member twice, at most 32 levels; a whole number is a Long. */
class Json {
    private final String text;
    private int at;

    private Json(String text) { this.text = text; }

    @SuppressWarnings("unchecked")
    static Map<String, Object> read(String text) {
        Json json = new Json(text);
        try {
            Object value = json.value(1);
            Jws.must(value instanceof Map && json.peek() == 0, "json");
            return (Map<String, Object>) value;
        } catch (IndexOutOfBoundsException | NumberFormatException error) {
            throw new Jws.Refused("json");
        }
    }

    private char peek() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) at++;
        return at < text.length() ? text.charAt(at) : 0;
    }

    private boolean take(char sign) {
        boolean there = peek() == sign;
        if (there) at++;
        return there;
    }

    private Object value(int level) {
        if (take('"')) return string();
        if ("{[".indexOf(peek()) >= 0) return container(take('{'), level);
        int start = at;
        while (at < text.length() && " \t\r\n,]}".indexOf(text.charAt(at)) < 0) at++;
        String word = text.substring(start, at);
        if (word.matches("-?(0|[1-9]\\d{0,17})")) return Long.valueOf(word);
        if (word.matches("-?(0|[1-9]\\d*)(\\.\\d+)?([eE][+-]?\\d+)?")) return Double.valueOf(word);
        Jws.must(List.of("true", "false", "null").contains(word), "json");
        return word.equals("null") ? null : Boolean.valueOf(word);
    }

    private Object container(boolean named, int level) {
        Map<String, Object> members = new LinkedHashMap<>();
        if (!named) at++;
        char end = named ? '}' : ']';
        Jws.must(level <= 32, "json");
        if (!take(end)) {
            do {
                Jws.must(!named || take('"'), "json");
                String name = named ? string() : String.valueOf(members.size());
                Jws.must((!named || take(':')) && !members.containsKey(name), "json");
                members.put(name, value(level + 1));
            } while (take(','));
            Jws.must(take(end), "json");
        }
        return named ? members : new ArrayList<>(members.values());
    }

    private String string() {
        StringBuilder found = new StringBuilder();
        for (char sign; (sign = text.charAt(at++)) != '"'; ) {
            Jws.must(sign >= ' ', "json");
            if (sign == '\\') {
                char escape = text.charAt(at++);
                int plain = "\"\\/bfnrt".indexOf(escape);
                Jws.must(plain >= 0 || escape == 'u', "json");
                sign = plain >= 0 ? "\"\\/\b\f\n\r\t".charAt(plain)
                    : (char) HexFormat.fromHexDigits(text, at, at += 4);
            }
            found.append(sign);
        }
        return found.toString();
    }

    static String write(Object value) {
        if (value instanceof Map<?, ?> map) {
            StringJoiner members = new StringJoiner(",", "{", "}");
            map.forEach((name, each) -> members.add(write(name) + ":" + write(each)));
            return members.toString();
        }
        if (!(value instanceof String text)) return String.valueOf(value);
        StringBuilder written = new StringBuilder("\"");
        for (char sign : text.toCharArray()) {
            boolean plain = sign >= ' ' && sign < 127 && sign != '"' && sign != '\\';
            written.append(plain ? sign : String.format("\\u%04x", (int) sign));
        }
        return written.append('"').toString();
    }
}
