"""Connections to a scripted server: who signs in there, and how it lets them in."""

from collections.abc import Mapping
from pathlib import Path

from tests.connectors.exstream.cloud.scripted import Reply, of_json
from xconnector.connectors.exstream.cloud.client import CloudClient
from xconnector.connectors.exstream.cloud.settings import CloudSettings

SECRETS = ("a-secret-nobody-may-see", "a-password-nobody-may-see", "a-token-nobody-may-see")


def settings_of(url: str, sign_in: Mapping[str, object], **more: object) -> CloudSettings:
    return CloudSettings.model_validate(
        {
            "sign_in": {"url": url, **sign_in},
            "orchestration": {"url": f"{url}/orchestration/api/v1", "domain": "sandbox"},
            "timeout": 5,
            **more,
        }
    )


def client_of(url: str, sign_in: Mapping[str, object], **more: object) -> CloudClient:
    return CloudClient(settings_of(url, sign_in, **more), project_folder=Path.cwd())


def secret_sign_in(**more: object) -> Mapping[str, object]:
    secret, password, _ = SECRETS
    return {
        "preset": "otds-single",
        "client_id": "c",
        "client_secret": secret,
        "user": "u",
        "password": password,
        **more,
    }


def token(name: str = "a-token-nobody-may-see", **more: object) -> Reply:
    return of_json({"access_token": name, "token_type": "Bearer", "expires_in": 900, **more})
