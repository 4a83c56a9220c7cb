"""requests.codes: statuses by name, such as codes.ok and codes.not_found."""

import http

from requests.structures import LookupDict

codes = LookupDict(name="status_codes")
_more = {
    200: ["okay", "all_ok", "all_okay", "all_good"], 301: ["moved"], 302: ["found"], 303: ["other"], 308: ["resume", "resume_incomplete"],
    400: ["bad"], 408: ["timeout"], 413: ["request_entity_too_large"], 414: ["request_uri_too_large"], 416: ["requested_range"],
    418: ["im_a_teapot", "teapot"], 422: ["unprocessable"], 426: ["upgrade"], 428: ["precondition"], 429: ["too_many"],
    500: ["server_error"], 503: ["unavailable"], 511: ["network_auth", "network_authentication"],
}
for _status in http.HTTPStatus:
    for _name in [_status.name.lower(), *_more.get(_status.value, ())]:
        setattr(codes, _name, _status.value)
        setattr(codes, _name.upper(), _status.value)
