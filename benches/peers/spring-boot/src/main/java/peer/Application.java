package peer;

import java.util.List;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.http.MediaType;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/** Spring Boot as it comes: Tomcat, Jackson, HikariCP, actuator. */
@SpringBootApplication
@RestController
public class Application {
    record Greeting(String message, int number) {}

    record Item(long id, String name, List<String> tags, double price) {}

    record Row(int id, String name) {}

    private final JdbcTemplate database;

    Application(JdbcTemplate database) {
        this.database = database;
    }

    public static void main(String[] arguments) {
        SpringApplication.run(Application.class, arguments);
    }

    @GetMapping(value = "/text", produces = MediaType.TEXT_PLAIN_VALUE)
    String text() {
        return "Hello, World!";
    }

    @GetMapping("/json")
    Greeting json() {
        return new Greeting("Hello, World!", 42);
    }

    @GetMapping(value = "/users/{id}", produces = MediaType.TEXT_PLAIN_VALUE)
    String user(@PathVariable long id) {
        return "user " + id;
    }

    @PostMapping("/echo")
    Item echo(@RequestBody Item item) {
        return item;
    }

    @GetMapping("/rows/{id}")
    Row row(@PathVariable int id) {
        return database.queryForObject(
                "SELECT id, name FROM users WHERE id = ?",
                (rows, number) -> new Row(rows.getInt("id"), rows.getString("name")),
                id);
    }
}
