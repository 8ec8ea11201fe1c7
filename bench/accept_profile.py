"""`python -m bench.accept_profile`: where the API's process spends its time while it accepts charges. `make profile` runs it."""

import sys
from pathlib import Path
from typing import Final

from bench import load
from bench.installation import installation
from bench.load import Body, Load
from bench.store import temporary_store

SECONDS: Final = 10.0
CONNECTIONS: Final = 64
INTERVAL_SECONDS: Final = 0.001
REPORT: Final = Path("var/profile/accept.html")
CHARGE: Final = '{"amount_minor":1{n},"currency":"usd","payment_method":"pm_card_visa"}'


def main() -> int:
    """Offer charges to one API process under pyinstrument; the report is written when the process has ended."""
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    profiler = ("-m", "pyinstrument", f"--interval={INTERVAL_SECONDS}", "--renderer=html")
    with temporary_store() as store, installation(store) as fincore:
        port = fincore.start_role(
            "api", program=(*profiler, f"--outfile={REPORT.resolve()}", "-m", "fincore")
        )
        result = load.run(
            Load(
                port=port,
                method="POST",
                path="/v1/charges",
                connections=CONNECTIONS,
                seconds=SECONDS,
                bodies=(Body(content=CHARGE),),
                headers={"Authorization": f"Bearer {fincore.secret_key}"},
                idempotency_prefix="profile",
            )
        )
        fincore.terminate("api")
    accepted = result.stages[0].answered(201)
    print(f"{accepted:,} charges accepted under the profiler, which slows them; the report is {REPORT}")
    return 0 if accepted else 1


if __name__ == "__main__":
    sys.exit(main())
