// How a delivery of a webhook stands, and why it failed.

import type { WebhookDelivery } from "../../api/types";
import { names } from "../../language/texts";
import type { Tone } from "../../parts/status";

export const STATUSES = names<WebhookDelivery["status"]>(
  { pending: "Waiting", delivered: "Delivered", failed: "Failed" },
  { pending: "Wartet", delivered: "Angekommen", failed: "Gescheitert" },
);

export const TONES: Readonly<Record<WebhookDelivery["status"], Tone>> = { pending: "info", delivered: "good", failed: "bad" };

export const FAILURES = names<NonNullable<WebhookDelivery["failure"]>>(
  {
    exhausted: "All attempts failed",
    gone: "The endpoint answered 410",
    endpoint_disabled: "The endpoint was disabled",
    endpoint_deleted: "The endpoint was deleted",
  },
  {
    exhausted: "Alle Versuche sind gescheitert",
    gone: "Die Adresse antwortete 410",
    endpoint_disabled: "Die Adresse war abgeschaltet",
    endpoint_deleted: "Die Adresse war gelöscht",
  },
);

export const ERRORS = names<NonNullable<NonNullable<WebhookDelivery["last_attempt"]>["error"]>>(
  {
    address_forbidden: "Address not allowed",
    answer_too_slow: "Answer too slow",
    answer_invalid: "Answer not understood",
    connection_failed: "No connection",
    connection_broken: "Connection broken",
    lost: "Attempt lost",
    name_not_found: "Name not found",
    secret_unreadable: "Secret not readable",
    tls_failed: "TLS failed",
  },
  {
    address_forbidden: "Adresse nicht erlaubt",
    answer_too_slow: "Antwort zu langsam",
    answer_invalid: "Antwort unverständlich",
    connection_failed: "Keine Verbindung",
    connection_broken: "Verbindung abgebrochen",
    lost: "Versuch verloren",
    name_not_found: "Name nicht gefunden",
    secret_unreadable: "Geheimnis nicht lesbar",
    tls_failed: "TLS gescheitert",
  },
);
