"""Fingerprints of card numbers: equal for one number of one merchant and mode, under one key."""

from fincore.domain.ids import MerchantId
from fincore.domain.secret import Secret
from fincore.write.vault.card_fingerprints import CardFingerprints
from fixtures.vault import MASTERCARD, VISA, secret_of

A, B = MerchantId("mer_a"), MerchantId("mer_b")


def test_fingerprint_is_of_number_merchant_and_mode() -> None:
    prints = CardFingerprints(secret_of("now"))
    visa = prints.of(Secret(VISA), A, livemode=False)
    assert visa == prints.of(Secret(VISA), A, livemode=False)
    others = {
        prints.of(Secret(MASTERCARD), A, livemode=False).value,
        prints.of(Secret(VISA), B, livemode=False).value,
        prints.of(Secret(VISA), A, livemode=True).value,
        CardFingerprints(secret_of("other")).of(Secret(VISA), A, livemode=False).value,
    }
    assert len(others | {visa.value}) == 5


def test_fingerprint_of_the_key_before_is_still_known() -> None:
    before = CardFingerprints(secret_of("before")).of(Secret(VISA), A, livemode=False)
    changing = CardFingerprints(secret_of("now"), secret_of("before"))
    assert changing.under(before.key_check, Secret(VISA), A, livemode=False) == before.value
    assert changing.of(Secret(VISA), A, livemode=False).key_check == changing.current_check
    assert CardFingerprints(secret_of("now")).under(before.key_check, Secret(VISA), A, livemode=False) is None
