// Logs in with each key file of the cases on standard input by pgjdbc. One line a case: name, role,
// key, certificate, passphrase; answers name and yes or no, and why. A line that begins with jdbc: is
// a URL to connect to.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.sql.Connection;
import java.sql.DriverManager;
import java.util.Properties;

public class Login {
    public static void main(String[] arguments) throws Exception {
        var cases = new BufferedReader(new InputStreamReader(System.in));
        for (var line = cases.readLine(); line != null; line = cases.readLine()) {
            var parts = line.split("\t", -1);
            try {
                if (line.startsWith("jdbc:")) {
                    login(line, new Properties());
                } else {
                    login("jdbc:postgresql://localhost:" + arguments[0] + "/postgres", of(parts, arguments[1]));
                }
                System.out.println(parts[0] + "\tyes");
            } catch (Exception error) {
                Throwable cause = error;
                while (cause.getCause() != null) cause = cause.getCause();
                System.out.println(parts[0] + "\tno\t" + (error.getMessage() + ": " + cause).replaceAll("\\s+", " "));
            }
        }
    }

    static Properties of(String[] parts, String root) {
        var properties = new Properties();
        properties.setProperty("user", parts[1]);
        properties.setProperty("sslmode", "verify-full");
        properties.setProperty("sslrootcert", root);
        properties.setProperty("sslkey", parts[2]);
        properties.setProperty("sslcert", parts[3]);
        properties.setProperty("sslpassword", parts[4]);
        properties.setProperty("loginTimeout", "20");
        return properties;
    }

    static void login(String url, Properties properties) throws Exception {
        try (Connection connection = DriverManager.getConnection(url, properties);
                var statement = connection.createStatement()) {
            statement.execute("select 1");
        }
    }
}
