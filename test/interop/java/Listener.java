// A vendor's application with Microsoft's listener for Java, azure-relay, in it. docs/embedding-a-listener.md quotes
// what stands between the quote marks. Prints what happens as one JSON object a line.

// quote: imports
import com.microsoft.azure.relay.HybridConnectionListener;
import com.microsoft.azure.relay.RelayedHttpListenerContext;
import com.microsoft.azure.relay.RelayedHttpListenerResponse;
import com.microsoft.azure.relay.SecurityToken;
import com.microsoft.azure.relay.TokenProvider;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.json.JSONObject;
// end

public class Listener {
    static final String RECIPIENT = "rita@partner.example";
    final HttpClient http = HttpClient.newHttpClient();
    final String service;
    String token;
    String shareId = "share";

    Listener(String service, String token) {
        this.service = service;
        this.token = token;
    }

    public static void main(String[] args) {
        var application = new Listener(args[0], args.length > 1 ? args[1] : null);
        try {
            if (application.token == null) {
                application.connect();
                application.share();
            }
            application.listen();
            Thread.currentThread().join();
        } catch (Exception error) {
            error.printStackTrace();
            System.exit(1);
        }
    }

    static void say(String event, Map<String, Object> fields) {
        System.out.println(new JSONObject(fields).put("event", event));
    }

    // quote: application
    /** Every call of the dashboard, as the service writes it: method, path with query, body. */
    final Map<String, Supplier<String[]>> calls = Map.of(
        "GET /dashboards/north ", () -> new String[] {
            "text/html", "<!doctype html><title>North</title><h1>Transmitter site North</h1>"
        },
        "POST /api/value {\"elementId\":101}", () -> new String[] {
            "application/json", "{\"value\":" + Math.random() + "}"
        },
        "GET /api/history ", () -> new String[] { "text/csv", "time,value\n".repeat(30_000) }
    );
    final String share = """
        {
          "dashboard": { "id": "north", "title": "Transmitter site North", "entryPath": "/dashboards/north" },
          "recipients": ["%s"],
          "sharedBy": { "name": "Olga" },
          "allowlist": {
            "version": 1,
            "rules": [
              { "id": "page", "method": "GET", "path": ["dashboards", "north"] },
              { "id": "value", "method": "POST", "path": ["api", "value"],
                "body": { "kind": "json", "contentType": "application/json",
                          "json": { "object": { "elementId": 101 } } } },
              { "id": "history", "method": "GET", "path": ["api", "history"] }
            ]
          }
        }""".formatted(RECIPIENT);
    // end

    // quote: api
    JSONObject api(String path, String body) throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(URI.create(service + path))
            .header("Authorization", "Bearer " + token)
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
        var response = http.send(request, HttpResponse.BodyHandlers.ofString());
        if (response.statusCode() / 100 != 2) {
            throw new IOException(path + ": " + response.statusCode() + " " + response.body());
        }
        return new JSONObject(response.body());
    }
    // end

    // quote: connect
    JSONObject oauth(String endpoint, Map<String, String> fields) throws IOException, InterruptedException {
        var form = fields.entrySet().stream()
            .map(field -> field.getKey() + "=" + URLEncoder.encode(field.getValue(), StandardCharsets.UTF_8))
            .collect(Collectors.joining("&"));
        var request = HttpRequest.newBuilder(URI.create(endpoint))
            .header("Content-Type", "application/x-www-form-urlencoded")
            .POST(HttpRequest.BodyPublishers.ofString(form))
            .build();
        return new JSONObject(http.send(request, HttpResponse.BodyHandlers.ofString()).body());
    }

    /** RFC 8628; every endpoint is found from the metadata of RFC 8414. */
    void connect() throws IOException, InterruptedException {
        var found = HttpRequest.newBuilder(URI.create(service + "/.well-known/oauth-authorization-server")).build();
        var metadata = new JSONObject(http.send(found, HttpResponse.BodyHandlers.ofString()).body());
        var grant = oauth(metadata.getString("device_authorization_endpoint"),
            Map.of("client_id", "drawbridge-gateway", "gateway_name", "North controller"));
        say("verify", Map.of("link", grant.getString("verification_uri_complete"))); // Show it to the administrator.
        for (int wait = grant.getInt("interval"); token == null; ) {
            Thread.sleep(Duration.ofSeconds(wait).toMillis());
            var answer = oauth(metadata.getString("token_endpoint"), Map.of(
                "client_id", "drawbridge-gateway",
                "grant_type", "urn:ietf:params:oauth:grant-type:device_code",
                "device_code", grant.getString("device_code")));
            token = answer.optString("access_token", null);
            var error = answer.optString("error");
            if (error.equals("slow_down")) wait += 5;
            else if (token == null && !error.equals("authorization_pending")) throw new IOException(error);
        }
        // Keep refresh_token where only your program reads it; it is good for one renewal, which gives the next one.
    }
    // end

    void share() throws IOException, InterruptedException {
        shareId = api("/api/shares", share).getString("id");
        say("shared", Map.of("id", shareId));
    }

    // quote: listen
    void listen() throws Exception {
        var address = api("/api/tunnel/listener", "");
        // The library wants "sb:" and makes "wss:" of it; a token that it asks for is fetched anew each time.
        var endpoint = address.getString("endpoint").replaceFirst("^wss:", "sb:");
        var tokens = new TokenProvider() {
            @Override
            protected CompletableFuture<SecurityToken> onGetTokenAsync(String audience, Duration validFor) {
                try {
                    var next = api("/api/tunnel/listener", "").getString("token");
                    say("token", Map.of());
                    return createSharedAccessSignatureTokenProvider(next).getTokenAsync(audience, validFor);
                } catch (IOException | InterruptedException error) {
                    return CompletableFuture.failedFuture(error);
                }
            }
        };
        var listener = new HybridConnectionListener(new URI(endpoint + "/" + address.getString("path")), tokens);
        listener.setRequestHandler(context -> {
            try {
                answer("/" + address.getString("path") + "/" + shareId, context);
            } catch (IOException error) {
                context.getResponse().close();
            }
        });
        // WebSockets are not relayed; without this the library would accept them.
        listener.setAcceptHandler(context -> {
            context.getResponse().setStatusCode(501);
            context.getResponse().setStatusDescription("WebSockets are not relayed");
            return false;
        });
        listener.setOnlineHandler(() -> say("listening", Map.of()));
        listener.openAsync().join();
    }

    void answer(String prefix, RelayedHttpListenerContext context) throws IOException {
        var request = context.getRequest();
        var response = context.getResponse();
        var body = request.getInputStream() == null ? "" : new String(request.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        var query = request.getUri().getRawQuery();
        var target = request.getUri().getRawPath() + (query == null ? "" : "?" + query);
        if (!target.startsWith(prefix + "/")) {
            refuse(response, 404, "Drawbridge-Problem", "unknown-share");
            return;
        }
        // The second wall: whatever the cloud let through, only these calls are answered.
        var call = calls.get(request.getHttpMethod() + " " + target.substring(prefix.length()) + " " + body);
        if (call == null) {
            refuse(response, 403, "Drawbridge-Refusal",
                "{\"code\":\"no-rule\",\"difference\":\"The application knows no such call.\"}");
            return;
        }
        var content = call.get();
        response.getHeaders().put("Content-Type", content[0]);
        var bytes = content[1].getBytes(StandardCharsets.UTF_8);
        response.getOutputStream().write(bytes);
        // Beyond 64 kB an answer has a socket of its own, and ends when its viewer has taken it.
        if (bytes.length > 64 * 1024) response.closeAsync();
        else endInTurn(response);
    }

    /** One by one: the lock of azure-relay 0.0.6 lets small answers that end together mix up their parts. */
    synchronized void endInTurn(RelayedHttpListenerResponse response) {
        ended = ended.handle((nothing, error) -> null).thenCompose(nothing -> response.closeAsync());
    }

    CompletableFuture<Void> ended = CompletableFuture.completedFuture(null);

    /** To the service, a header says what it was; viewers do not get to see it. */
    void refuse(RelayedHttpListenerResponse response, int status, String header, String value) {
        response.setStatusCode(status);
        response.getHeaders().put(header, value);
        endInTurn(response);
    }
    // end
}
