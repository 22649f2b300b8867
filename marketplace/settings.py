"""Typed settings, read from the environment once. Outside demo mode an incomplete set refuses to start."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


class SettingsError(Exception):
    """Names every setting that is missing or wrong."""


DEMO_SECRET = "demo-only-secret-that-never-leaves-loopback"


@dataclass(frozen=True)
class Settings:
    database_url: str
    secret_key: str
    password_salt: str
    var: Path  # files, index, SQLite file
    demo: bool
    public_url: str
    bind: str
    region: str = "430200000000"  # the division whose name stands beside the brand
    programme: str = "832"
    password_memory_kib: int = 19456  # argon2id, OWASP's smallest set; tests take less
    password_rounds: int = 2
    keys_file: Path | None = None  # of personal data (core/crypto.py); a demo makes its own under var/keys
    cooling_days: int = 3  # from a payee's approval until a change is paid
    keys: str = field(default="", repr=False)  # the same as text, where files are unwelcome
    smtp_url: str = field(default="", repr=False)  # where mails go; without it they become files under var/mail
    mail_from: str = "bangfu@localhost"
    stripe_key: str = field(default="", repr=False)  # without it nobody pays by card
    stripe_webhook_secret: str = field(default="", repr=False)
    stripe_api_base: str = ""  # another server than Stripe's, for tests and trials
    ledger_key_file: Path | None = None  # signs the ledger's checkpoints; `ledger_key` says where it is otherwise

    @property
    def ledger_key(self) -> Path:
        return self.ledger_key_file or self.var / "keys" / "ledger.pem"

    @property
    def sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")


def from_environment(env: Mapping[str, str] = os.environ) -> Settings:
    """Reads BANGFU_DEMO, DATABASE_URL, SECRET_KEY, PASSWORD_SALT, BANGFU_VAR, BANGFU_KEYS_FILE or
    BANGFU_KEYS, BANGFU_LEDGER_KEY_FILE, BANGFU_SMTP_URL, BANGFU_MAIL_FROM,
    BANGFU_STRIPE_KEY, BANGFU_STRIPE_WEBHOOK_SECRET, BANGFU_STRIPE_API_BASE, PUBLIC_URL, BANGFU_BIND.
    Raises SettingsError."""
    demo = env.get("BANGFU_DEMO", "") == "1"
    var = Path(env.get("BANGFU_VAR", "var")).resolve()
    wrong = []
    for name in ("DATABASE_URL", "SECRET_KEY", "PASSWORD_SALT", "PUBLIC_URL"):
        if not demo and not env.get(name):
            wrong.append(f"{name} is not set")
    if not demo and not env.get("BANGFU_KEYS_FILE") and not env.get("BANGFU_KEYS"):
        wrong.append("BANGFU_KEYS_FILE is not set (python -m marketplace.core.crypto PATH makes one)")
    for name in ("SECRET_KEY", "PASSWORD_SALT"):
        value = env.get(name, "")
        if value and (len(value) < 32 or (value == DEMO_SECRET and not demo)):
            wrong.append(f"{name} must be a secret of at least 32 characters")
    bind = env.get("BANGFU_BIND", "127.0.0.1:8000")
    if demo and not bind.startswith(("127.0.0.1:", "localhost:", "[::1]:")):
        wrong.append("BANGFU_BIND: demo mode binds to loopback only")
    if not 1 <= _days(env.get("BANGFU_COOLING_DAYS", "3")) <= 30:
        wrong.append("BANGFU_COOLING_DAYS must be 1 to 30")
    wrong += _stripe_faults(env, demo)
    if wrong:
        raise SettingsError("; ".join(wrong))
    url = env.get("DATABASE_URL") or f"sqlite:///{var / 'bangfu.sqlite'}"
    return Settings(
        database_url=url.replace("postgresql://", "postgresql+psycopg://", 1),
        secret_key=env.get("SECRET_KEY") or DEMO_SECRET,
        password_salt=env.get("PASSWORD_SALT") or DEMO_SECRET,
        var=var,
        demo=demo,
        public_url=env.get("PUBLIC_URL", f"http://{bind}"),
        bind=bind,
        region=env.get("BANGFU_REGION", "430200000000"),
        programme=env.get("BANGFU_PROGRAMME", "832"),
        keys_file=Path(keys_file).resolve() if (keys_file := env.get("BANGFU_KEYS_FILE")) else None,
        keys=env.get("BANGFU_KEYS", ""),
        cooling_days=_days(env.get("BANGFU_COOLING_DAYS", "3")),
        smtp_url=env.get("BANGFU_SMTP_URL", ""),
        mail_from=env.get("BANGFU_MAIL_FROM", "bangfu@localhost"),
        stripe_key=env.get("BANGFU_STRIPE_KEY", ""),
        stripe_webhook_secret=env.get("BANGFU_STRIPE_WEBHOOK_SECRET", ""),
        stripe_api_base=env.get("BANGFU_STRIPE_API_BASE", ""),
        ledger_key_file=Path(ledger).resolve() if (ledger := env.get("BANGFU_LEDGER_KEY_FILE")) else None,
    )


def _stripe_faults(env: Mapping[str, str], demo: bool) -> list[str]:
    """What is wrong with the settings of card payment; the values themselves are never quoted."""
    key, base = env.get("BANGFU_STRIPE_KEY", ""), env.get("BANGFU_STRIPE_API_BASE", "")
    if not key:
        return []
    wrong = []
    live = key.startswith(("sk_live_", "rk_live_"))
    if not live and not key.startswith(("sk_test_", "rk_test_")):
        wrong.append("BANGFU_STRIPE_KEY is no secret key of Stripe (sk_… or rk_…)")
    if live and demo:
        wrong.append("BANGFU_STRIPE_KEY: demo mode takes no live key")
    if not env.get("BANGFU_STRIPE_WEBHOOK_SECRET"):
        wrong.append("BANGFU_STRIPE_WEBHOOK_SECRET is not set, and BANGFU_STRIPE_KEY is")
    if base and (live or not base.startswith(("http://127.0.0.1:", "http://localhost:", "https://"))):
        wrong.append("BANGFU_STRIPE_API_BASE is for test keys, on loopback or https")
    return wrong


def _days(text: str) -> int:
    """A number of days; 0 for what is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 0
