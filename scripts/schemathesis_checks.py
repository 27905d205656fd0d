"""What every answer has to keep. An error of the client's input is a good answer; one of the server is not."""

import schemathesis
from hypothesis import strategies
from schemathesis.graphql import nodes

# Good values and others: the type of an input is what the program reads, whatever the schema calls it.
for name, values in {
    "Date": ["2024-02-29", "2026-11-21", "1990-01-01", "2026-02-30", "", "x"],
    "DateTime": ["2026-11-21T09:30:00+00:00", "2026-11-21", "x"],
    "Decimal": ["1.50", "0", "-1", "99999999999999999999.999", "1e5", "x"],
    "JSON": ["{}", "null", "x"],
}.items():
    schemathesis.graphql.scalar(name, strategies.sampled_from(values).map(nodes.String))


@schemathesis.check
def no_internal_error(ctx, response, case):
    assert response.status_code < 500, f"the status is {response.status_code}"
    for error in response.json().get("errors", []):
        code = error.get("extensions", {}).get("code")
        assert code and code != "INTERNAL", f"an error with the code {code}"
