"""Every sentence of the page in each of its languages. Pure. A `{}` is filled in by the page."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from fincore.checkout.page.languages import Language
from fincore.domain.checkout_session_events import SessionPaymentMethod
from fincore.domain.outcome import DeclineAdvice

Notice = Literal["method_not_offered", "method_not_available", "too_many_tries", "not_from_this_page"]
"""Why a choice of the customer was not carried out."""


class Texts(msgspec.Struct, frozen=True, kw_only=True):
    """The page in one language. `pay_with` and `continue_with` are buttons, by payment method."""

    pay: str
    pay_to: str
    test_mode: str
    choose: str
    pay_with: Mapping[SessionPaymentMethod, str]
    live: str
    continue_with: Mapping[SessionPaymentMethod, str]
    other_way: str
    look_again: str
    back: str
    wait_title: str
    wait: str
    pending_title: str
    pending: str
    going_title: str
    going: str
    go_on: str
    paid_title: str
    paid: str
    expired_title: str
    expired: str
    declined: Mapping[DeclineAdvice, str]
    notices: Mapping[Notice, str]


TEXTS: Final[Mapping[Language, Texts]] = MappingProxyType(
    {
        "en": Texts(
            pay="Pay {}",
            pay_to="to {}",
            test_mode="Test mode: no money moves.",
            choose="How do you want to pay?",
            pay_with={"card": "Pay by card", "paypal": "Pay with PayPal"},
            live="You have begun to pay. Continue where you left off.",
            continue_with={"card": "Continue by card", "paypal": "Continue with PayPal"},
            other_way="Or pay another way",
            look_again="Check again",
            back="Back to the shop",
            wait_title="One moment",
            wait="Your payment is being processed. This page checks again by itself. Do not pay a second time.",
            pending_title="Payment on its way",
            pending=(
                "The payment provider has your payment and completes it later, perhaps in some days. The shop will be told. Do not pay a second time."
            ),
            going_title="On to payment",
            going="You are being taken to the payment page.",
            go_on="Continue",
            paid_title="Paid",
            paid="Thank you. You are being taken back to the shop.",
            expired_title="This payment has expired",
            expired="It can no longer be paid here. Go back to the shop to order again.",
            declined={
                "retry_later": "The payment did not go through. Try again in a few minutes.",
                "ask_customer": "The payment was declined. Check your details, use another card, or pay another way.",
                "do_not_retry": "The payment was declined. Use another card, or contact your bank.",
            },
            notices={
                "method_not_offered": "The shop does not offer this payment method. Choose one of those below.",
                "method_not_available": "This payment method is not available at the moment. Choose another, or try again later.",
                "too_many_tries": "There were too many tries. Go back to the shop to order again.",
                "not_from_this_page": "Your choice did not come from this page. Choose again.",
            },
        ),
        "de": Texts(
            pay="{} bezahlen",
            pay_to="an {}",
            test_mode="Testmodus: Es fließt kein Geld.",
            choose="Wie möchten Sie bezahlen?",
            pay_with={"card": "Mit Karte bezahlen", "paypal": "Mit PayPal bezahlen"},
            live="Sie haben die Zahlung begonnen. Setzen Sie sie fort.",
            continue_with={"card": "Mit Karte fortfahren", "paypal": "Mit PayPal fortfahren"},
            other_way="Oder anders bezahlen",
            look_again="Erneut prüfen",
            back="Zurück zum Shop",
            wait_title="Einen Moment bitte",
            wait="Ihre Zahlung wird bearbeitet. Diese Seite prüft von selbst erneut. Bezahlen Sie nicht ein zweites Mal.",
            pending_title="Zahlung unterwegs",
            pending=(
                "Der Zahlungsdienst hat Ihre Zahlung und schließt sie später ab, vielleicht erst in einigen Tagen. Der Shop erfährt davon. Bezahlen Sie nicht ein zweites Mal."
            ),
            going_title="Weiter zur Zahlung",
            going="Sie werden zur Zahlungsseite weitergeleitet.",
            go_on="Weiter",
            paid_title="Bezahlt",
            paid="Vielen Dank. Sie werden zum Shop zurückgeleitet.",
            expired_title="Diese Zahlung ist abgelaufen",
            expired="Sie kann hier nicht mehr bezahlt werden. Gehen Sie zurück zum Shop, um erneut zu bestellen.",
            declined={
                "retry_later": "Die Zahlung ist nicht gelungen. Versuchen Sie es in einigen Minuten erneut.",
                "ask_customer": (
                    "Die Zahlung wurde abgelehnt. Prüfen Sie Ihre Angaben, verwenden Sie eine andere Karte, oder bezahlen Sie auf "
                    "andere Weise."
                ),
                "do_not_retry": (
                    "Die Zahlung wurde abgelehnt. Verwenden Sie eine andere Karte, oder wenden Sie sich an Ihre Bank."
                ),
            },
            notices={
                "method_not_offered": "Der Shop bietet diese Zahlungsart nicht an. Wählen Sie eine der folgenden.",
                "method_not_available": (
                    "Diese Zahlungsart ist im Moment nicht verfügbar. Wählen Sie eine andere, oder versuchen Sie es später erneut."
                ),
                "too_many_tries": "Es gab zu viele Versuche. Gehen Sie zurück zum Shop, um erneut zu bestellen.",
                "not_from_this_page": "Ihre Auswahl kam nicht von dieser Seite. Wählen Sie erneut.",
            },
        ),
        "fr": Texts(
            pay="Payer {}",
            pay_to="à {}",
            test_mode="Mode test\u00a0: aucun argent n\u2019est débité.",
            choose="Comment souhaitez-vous payer\u202f?",
            pay_with={"card": "Payer par carte", "paypal": "Payer avec PayPal"},
            live="Vous avez commencé à payer. Continuez ce paiement.",
            continue_with={"card": "Continuer par carte", "paypal": "Continuer avec PayPal"},
            other_way="Ou payer autrement",
            look_again="Vérifier à nouveau",
            back="Retour à la boutique",
            wait_title="Un instant",
            wait="Votre paiement est en cours de traitement. Cette page vérifie d\u2019elle-même. Ne payez pas une seconde fois.",
            pending_title="Paiement en cours",
            pending=(
                "Le prestataire de paiement a reçu votre paiement et l\u2019achèvera plus tard, peut-être dans quelques jours. La boutique en sera informée. Ne payez pas une seconde fois."
            ),
            going_title="Vers le paiement",
            going="Vous allez être dirigé vers la page de paiement.",
            go_on="Continuer",
            paid_title="Payé",
            paid="Merci. Vous allez être redirigé vers la boutique.",
            expired_title="Ce paiement a expiré",
            expired="Il ne peut plus être payé ici. Retournez à la boutique pour commander à nouveau.",
            declined={
                "retry_later": "Le paiement n\u2019a pas abouti. Réessayez dans quelques minutes.",
                "ask_customer": "Le paiement a été refusé. Vérifiez vos données, utilisez une autre carte ou payez autrement.",
                "do_not_retry": "Le paiement a été refusé. Utilisez une autre carte ou contactez votre banque.",
            },
            notices={
                "method_not_offered": "La boutique ne propose pas ce moyen de paiement. Choisissez-en un ci-dessous.",
                "method_not_available": (
                    "Ce moyen de paiement n\u2019est pas disponible pour le moment. Choisissez-en un autre ou réessayez plus tard."
                ),
                "too_many_tries": "Il y a eu trop de tentatives. Retournez à la boutique pour commander à nouveau.",
                "not_from_this_page": "Votre choix ne vient pas de cette page. Choisissez à nouveau.",
            },
        ),
        "es": Texts(
            pay="Pagar {}",
            pay_to="a {}",
            test_mode="Modo de prueba: no se mueve dinero.",
            choose="¿Cómo quiere pagar?",
            pay_with={"card": "Pagar con tarjeta", "paypal": "Pagar con PayPal"},
            live="Ha empezado a pagar. Continúe con ese pago.",
            continue_with={"card": "Continuar con tarjeta", "paypal": "Continuar con PayPal"},
            other_way="O pagar de otra forma",
            look_again="Comprobar de nuevo",
            back="Volver a la tienda",
            wait_title="Un momento",
            wait="Su pago se está procesando. Esta página lo comprueba por sí sola. No pague otra vez.",
            pending_title="Pago en camino",
            pending=(
                "El proveedor de pagos ha recibido su pago y lo completará más tarde, quizá dentro de unos días. Se lo comunicaremos a la tienda. No pague otra vez."
            ),
            going_title="Continuar al pago",
            going="Le llevamos a la página de pago.",
            go_on="Continuar",
            paid_title="Pagado",
            paid="Gracias. Le llevamos de vuelta a la tienda.",
            expired_title="Este pago ha caducado",
            expired="Ya no se puede pagar aquí. Vuelva a la tienda para hacer un nuevo pedido.",
            declined={
                "retry_later": "El pago no se ha completado. Inténtelo de nuevo en unos minutos.",
                "ask_customer": "El pago ha sido rechazado. Revise sus datos, use otra tarjeta o pague de otra forma.",
                "do_not_retry": "El pago ha sido rechazado. Use otra tarjeta o póngase en contacto con su banco.",
            },
            notices={
                "method_not_offered": "La tienda no ofrece esta forma de pago. Elija una de las siguientes.",
                "method_not_available": "Esta forma de pago no está disponible ahora. Elija otra o inténtelo más tarde.",
                "too_many_tries": "Ha habido demasiados intentos. Vuelva a la tienda para hacer un nuevo pedido.",
                "not_from_this_page": "Su elección no procede de esta página. Elija de nuevo.",
            },
        ),
    }
)
