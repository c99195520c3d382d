// Connects to the service at the given origin with golang.org/x/oauth2 alone, and prints what happened as one
// JSON object a line. With the argument "denied" it expects that the person refuses.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"golang.org/x/oauth2"
)

type metadata struct {
	Issuer                      string `json:"issuer"`
	DeviceAuthorizationEndpoint string `json:"device_authorization_endpoint"`
	TokenEndpoint               string `json:"token_endpoint"`
}

func say(event string, fields map[string]any) {
	fields["event"] = event
	if err := json.NewEncoder(os.Stdout).Encode(fields); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func discover(origin string) metadata {
	response, err := http.Get(origin + "/.well-known/oauth-authorization-server")
	if err != nil {
		fail(err)
	}
	defer response.Body.Close()
	var found metadata
	if err := json.NewDecoder(response.Body).Decode(&found); err != nil {
		fail(err)
	}
	return found
}

// use asks for the system's shares with whatever the token source gives, and reports the status.
func use(ctx context.Context, origin string, source oauth2.TokenSource) int {
	response, err := oauth2.NewClient(ctx, source).Get(origin + "/api/shares")
	if err != nil {
		fail(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	origin := os.Args[1]
	expectDenied := len(os.Args) > 2 && os.Args[2] == "denied"

	found := discover(origin)
	// The style of authentication stays undeclared, as most programs have it: the library finds it out.
	config := oauth2.Config{
		ClientID: "drawbridge-gateway",
		Endpoint: oauth2.Endpoint{
			DeviceAuthURL: found.DeviceAuthorizationEndpoint,
			TokenURL:      found.TokenEndpoint,
		},
	}

	grant, err := config.DeviceAuth(ctx)
	if err != nil {
		fail(err)
	}
	say("verify", map[string]any{"link": grant.VerificationURIComplete, "interval": grant.Interval})

	token, err := config.DeviceAccessToken(ctx, grant)
	if expectDenied {
		var refused *oauth2.RetrieveError
		if !errors.As(err, &refused) {
			fail(fmt.Errorf("not refused: %v", err))
		}
		say("refused", map[string]any{
			"code":        refused.ErrorCode,
			"description": refused.ErrorDescription,
			"status":      refused.Response.StatusCode,
		})
		return
	}
	if err != nil {
		fail(err)
	}
	say("connected", map[string]any{
		"type":    token.Type(),
		"hours":   int(time.Until(token.Expiry).Round(time.Hour).Hours()),
		"renewal": token.RefreshToken != "",
		"status":  use(ctx, origin, config.TokenSource(ctx, token)),
	})

	// A source renews by itself once the token has expired; each turn spends the key of the one before.
	for turn := 1; turn <= 3; turn++ {
		expired := *token
		expired.Expiry = time.Now().Add(-time.Hour)
		source := config.TokenSource(ctx, &expired)
		status := use(ctx, origin, source)
		renewed, err := source.Token()
		if err != nil {
			fail(err)
		}
		say("renewed", map[string]any{
			"newToken": renewed.AccessToken != token.AccessToken,
			"newKey":   renewed.RefreshToken != token.RefreshToken,
			"status":   status,
		})
		token = renewed
	}

	invented := oauth2.Token{RefreshToken: "invented", Expiry: time.Now().Add(-time.Hour)}
	_, err = config.TokenSource(ctx, &invented).Token()
	var refused *oauth2.RetrieveError
	if !errors.As(err, &refused) {
		fail(fmt.Errorf("an invented key was not refused: %v", err))
	}
	say("refused", map[string]any{
		"code":        refused.ErrorCode,
		"description": refused.ErrorDescription,
		"status":      refused.Response.StatusCode,
	})
}
