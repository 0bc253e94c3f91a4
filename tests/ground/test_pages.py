"""Pages that libraries bring work under our content security policy, and for everyone."""

import pytest

from tests.browser import SignIn, assert_accessible
from tests.factories import UserFactory

pytestmark = pytest.mark.browser

PASSWORD = "correct horse battery staple"


def test_a_person_signs_in_by_email(sign_in: SignIn) -> None:
    salesperson = UserFactory(email="mia@example.com")
    salesperson.set_password(PASSWORD)
    salesperson.save()
    page = sign_in(None)

    page.goto("/accounts/login/")
    assert_accessible(page)
    page.get_by_label("E-mail").fill("mia@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()

    page.wait_for_url(lambda url: "login" not in url)


@pytest.mark.parametrize(
    "address",
    ["/accounts/password/reset/", "/accounts/password/change/", "/accounts/2fa/"],
)
def test_pages_about_signing_in_are_accessible(sign_in: SignIn, address: str) -> None:
    page = sign_in(UserFactory())

    response = page.goto(address)

    assert response is not None
    assert response.ok
    assert_accessible(page)


@pytest.mark.parametrize("address", ["/admin/", "/admin/accounts/user/", "/api/v1/docs/"])
def test_pages_for_technicians_run_without_errors(sign_in: SignIn, address: str) -> None:
    page = sign_in(UserFactory(is_staff=True, is_superuser=True))

    response = page.goto(address, wait_until="networkidle")

    assert response is not None
    assert response.ok
