import com.google.gson.GsonBuilder;
import com.influxdb.v3.client.InfluxDBApiException;
import com.influxdb.v3.client.InfluxDBApiHttpException;
import com.influxdb.v3.client.InfluxDBClient;
import java.util.LinkedHashMap;
import java.util.Map;

/** The argument, lines of line protocol, written by the client that the environment describes; what came of it, as JSON. */
public final class Main {
    public static void main(final String[] arguments) throws Exception {
        final Map<String, Object> seen = new LinkedHashMap<>();
        try (InfluxDBClient client = InfluxDBClient.getInstance()) {
            client.writeRecord(arguments[0]);
        } catch (InfluxDBApiException error) {
            seen.put("type", error.getClass().getSimpleName());
            seen.put("message", error.getMessage());
            if (error instanceof InfluxDBApiHttpException) {
                seen.put("status", ((InfluxDBApiHttpException) error).statusCode());
            }
        }
        System.out.println(new GsonBuilder().disableHtmlEscaping().create().toJson(seen));
    }

    private Main() {
    }
}
