"""Connects to the service at the given origin with Authlib alone, renews, revokes, and prints what happened
as one JSON object a line."""

import json
import os
import sys
import time

# The service of the test speaks plain HTTP, on this machine only.
os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session

CLIENT_ID = "drawbridge-gateway"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


def say(event, **fields):
    print(json.dumps({"event": event, **fields}), flush=True)


def connect(session, metadata):
    answer = requests.post(
        metadata["device_authorization_endpoint"], data={"client_id": CLIENT_ID}, timeout=10
    )
    answer.raise_for_status()
    grant = answer.json()
    say("verify", link=grant["verification_uri_complete"])
    interval = grant["interval"]
    while True:
        time.sleep(interval)
        try:
            return session.fetch_token(
                metadata["token_endpoint"],
                grant_type=DEVICE_GRANT,
                device_code=grant["device_code"],
            )
        except OAuthError as error:
            if error.error == "slow_down":
                interval += 5
            elif error.error != "authorization_pending":
                raise


def main(origin):
    metadata = requests.get(f"{origin}/.well-known/oauth-authorization-server", timeout=10).json()
    renewals = []
    session = OAuth2Session(
        CLIENT_ID,
        token_endpoint_auth_method="none",
        revocation_endpoint_auth_method="none",
        token_endpoint=metadata["token_endpoint"],
        update_token=lambda token, **_: renewals.append(token),
    )

    def use():
        return session.get(f"{origin}/api/shares", timeout=10).status_code

    token = connect(session, metadata)
    say("connected", type=token["token_type"], seconds=token["expires_in"], status=use())

    before = dict(session.token)
    session.refresh_token(metadata["token_endpoint"])
    say(
        "renewed",
        newToken=session.token["access_token"] != before["access_token"],
        newKey=session.token["refresh_token"] != before["refresh_token"],
        status=use(),
    )

    # With an expired token the session renews by itself.
    renewals.clear()
    session.token = {**session.token, "expires_at": int(time.time()) - 60}
    say("renewed by itself", status=use(), renewals=len(renewals))

    last = dict(session.token)
    revoked = session.revoke_token(
        metadata["revocation_endpoint"], token=last["refresh_token"], token_type_hint="refresh_token"
    )
    say("revoked", answer=revoked.status_code, status=use())
    again = session.revoke_token(metadata["revocation_endpoint"], token=last["access_token"])
    say("revoked again", answer=again.status_code)

    try:
        session.refresh_token(metadata["token_endpoint"], refresh_token=last["refresh_token"])
    except OAuthError as error:
        say("refused", code=error.error, description=error.description)


main(sys.argv[1])
