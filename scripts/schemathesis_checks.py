"""What every answer has to keep. An error of the client's input is a good answer; one of the server is not."""

import schemathesis


@schemathesis.check
def no_internal_error(ctx, response, case):
    assert response.status_code < 500, f"the status is {response.status_code}"
    for error in response.json().get("errors", []):
        code = error.get("extensions", {}).get("code")
        assert code and code != "INTERNAL", f"an error with the code {code}"
