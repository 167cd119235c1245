import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from xconnector.domain.portal_link import PortalLink
from xconnector.entrypoints.portal_secrets import PORTAL_SECRET, SECRET_FILE, PortalSecretError, portal_secrets

LINK = PortalLink(customer_key="K1", expires_at=datetime(2026, 12, 1, tzinfo=UTC))
GIVEN = "a secret of the operator, as long as it must be".replace(" ", "-")


def test_without_one_given_a_secret_is_made_once_and_kept_for_us_alone(tmp_path: Path) -> None:
    token = portal_secrets(tmp_path / "var", {}).sign(LINK)
    assert portal_secrets(tmp_path / "var", {}).read(token) == LINK
    assert stat.S_IMODE((tmp_path / "var" / SECRET_FILE).stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "var").iterdir()] == [SECRET_FILE]


def test_programs_that_make_it_at_the_same_moment_have_the_same(tmp_path: Path) -> None:
    def sign(_: int) -> str:
        return portal_secrets(tmp_path, {}).sign(LINK)

    with ThreadPoolExecutor(8) as pool:
        tokens = set(pool.map(sign, range(32)))
    assert len(tokens) == 1


def test_a_given_secret_goes_first(tmp_path: Path) -> None:
    token = portal_secrets(tmp_path, {PORTAL_SECRET: GIVEN}).sign(LINK)
    assert portal_secrets(tmp_path / "elsewhere", {PORTAL_SECRET: GIVEN}).read(token) == LINK
    assert list(tmp_path.iterdir()) == []


def test_a_replaced_secret_still_opens_its_links_while_it_is_given_too(tmp_path: Path) -> None:
    token = portal_secrets(tmp_path, {PORTAL_SECRET: GIVEN}).sign(LINK)
    both = portal_secrets(tmp_path, {PORTAL_SECRET: f"{GIVEN[::-1]} {GIVEN}"})
    assert both.read(token) == LINK
    assert both.sign(LINK) != token


def test_a_short_secret_is_refused_by_name_and_not_shown(tmp_path: Path) -> None:
    with pytest.raises(PortalSecretError, match=PORTAL_SECRET) as refused:
        portal_secrets(tmp_path, {PORTAL_SECRET: "short"})
    assert "short" not in str(refused.value)


def test_a_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    portal_secrets(tmp_path, {})
    (tmp_path / SECRET_FILE).chmod(0o644)
    with pytest.raises(PortalSecretError, match="chmod 600"):
        portal_secrets(tmp_path, {})
