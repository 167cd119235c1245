"""Where services describe themselves; only the Design service's page is published."""

from xconnector.connectors.exstream.ticket_settings import PathTemplate
from xconnector.contract.settings import ConnectorSettings


class ProbeSettings(ConnectorSettings):
    """What `xconnector connections probe` looks at besides versions.

    The paths begin behind the service's context, such as `https://exstream.acme.test/design`.
    """

    swagger_start: PathTemplate = "/swagger-ui/swagger-initializer.js"
    """Where a service's Swagger page says at which address the description lies. That the Design service has such a
    page is documented (S1); the file is Swagger UI's own."""
    descriptions: tuple[PathTemplate, ...] = ("/v3/api-docs", "/v2/api-docs", "/openapi.json", "/swagger.json")
    """Where the description (OpenAPI) may lie besides; usual places, published nowhere."""
