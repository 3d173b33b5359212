"""What the settings say is taken for a proof of who asks."""

from __future__ import annotations

from tileserver.access.identity import Identity, Tokens
from tileserver.access.key import Keyring, Keys
from tileserver.access.keyfile import KeyFile
from tileserver.access.signature import Signer
from tileserver.errors import CatalogError
from tileserver.register.follower import Follower
from tileserver.settings import Settings

SHORTEST_SECRET = 16  # who has one signed address can try out secrets in peace


def make_identity(settings: Settings, registered: Follower | None = None) -> Identity:
    """What the settings say is taken for a proof of who asks. Raises CatalogError, ValueError.

    Args:
        registered: keys beside those of the file.
    """
    said = (each.strip() for each in settings.signing_keys.get_secret_value().split(","))
    secrets = tuple(each for each in said if each)
    if any(len(each) < SHORTEST_SECRET for each in secrets):
        raise ValueError(
            f"signing_keys: expected secrets of {SHORTEST_SECRET} characters or more, as "
            "`openssl rand -hex 32` makes them"
        )
    places: list[Keys] = [KeyFile(settings.keys)] if settings.keys else []
    places += [] if registered is None else [registered]
    return Identity(
        keys=Keyring(places) if places else None,
        tokens=_tokens(settings) if settings.oidc_issuer else None,
        signer=Signer(secrets),
        admin_token=settings.admin_token.get_secret_value(),
        look_again=None if registered is None else registered.look_again,
    )


def _tokens(settings: Settings) -> Tokens:
    try:
        from tileserver.access.token import OidcTokens  # an extra
    except ImportError as error:
        raise CatalogError(
            "oidc_issuer: tokens are not understood here: pip install 'tileserver[oidc]'"
        ) from error
    return OidcTokens(
        settings.oidc_issuer,
        settings.oidc_audience,
        roles_claim=settings.oidc_roles_claim,
        admin_role=settings.oidc_admin_role,
        jwks_url=settings.oidc_jwks_url,
        algorithms=settings.oidc_algorithms,
    )
