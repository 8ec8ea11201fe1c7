import { names, texts } from "../../language/texts";

export const PEOPLE = texts(
  {
    title: "People",
    elsewhere: "People are kept at the issuer",
    elsewhereWhy: "Staff log in at an issuer of your own. It keeps people and groups; `FINCORE_STAFF_GROUPS` says which roles a group gives.",
    person: "Person",
    username: "User name",
    usernameHint: "The name to log in with, such as an e-mail address.",
    usernameFlaw: "Write a user name.",
    name: "Name",
    nameHint: "The name to show. Empty: the user name.",
    roles: "Roles",
    rolesHint: "Separated by spaces: viewer, support, finance, admin; support:test counts in test mode alone, support:live@mer_… for one merchant.",
    rolesFlaw: "Write one role at least.",
    state: "State",
    added: "Added",
    active: "May log in",
    disabled: "Disabled",
    noPassword: "Has no password yet",
    oneTime: "Has a one-time password",
    propose: "Propose a person",
    proposePreview: (who: string, roles: string) =>
      `${who} is added with the roles ${roles} once a second admin has approved it. An operator then gives a one-time password at the terminal: fincore staff reset.`,
    changeRoles: "Change roles",
    changeRolesPreview: (who: string, before: string, after: string) => `${who} has ${after} in place of ${before} once a second admin has approved it.`,
    disable: "Disable",
    disablePreview: (who: string) => `Every session of ${who} ends at once, and what ${who} proposed and still waits ends with it. Only an operator at the terminal lets ${who} in again.`,
    proposed: "A second admin must approve it now. It waits under “Approvals”.",
    isDisabled: "The person is disabled.",
    noneWhy: "An operator adds the first person at the terminal: `fincore staff add`.",
  },
  {
    title: "Menschen",
    elsewhere: "Menschen sind beim Anmeldedienst eingetragen",
    elsewhereWhy: "Der Betrieb meldet sich bei einem eigenen Anmeldedienst an. Er führt Menschen und Gruppen; `FINCORE_STAFF_GROUPS` sagt, welche Rollen eine Gruppe gibt.",
    person: "Person",
    username: "Anmeldename",
    usernameHint: "Der Name zum Anmelden, etwa eine E-Mail-Adresse.",
    usernameFlaw: "Geben Sie einen Anmeldenamen an.",
    name: "Name",
    nameHint: "Der Name, der gezeigt wird. Leer: der Anmeldename.",
    roles: "Rollen",
    rolesHint: "Durch Leerzeichen getrennt: viewer, support, finance, admin; support:test gilt nur im Testmodus, support:live@mer_… für einen Händler.",
    rolesFlaw: "Geben Sie mindestens eine Rolle an.",
    state: "Stand",
    added: "Eingetragen",
    active: "Darf sich anmelden",
    disabled: "Gesperrt",
    noPassword: "Hat noch kein Passwort",
    oneTime: "Hat ein Einmalpasswort",
    propose: "Person vorschlagen",
    proposePreview: (who, roles) =>
      `${who} wird mit den Rollen ${roles} eingetragen, sobald eine zweite Person der Administration zugestimmt hat. Ein Einmalpasswort gibt dann der Betrieb am Terminal: fincore staff reset.`,
    changeRoles: "Rollen ändern",
    changeRolesPreview: (who, before, after) => `${who} hat ${after} statt ${before}, sobald eine zweite Person der Administration zugestimmt hat.`,
    disable: "Sperren",
    disablePreview: (who) => `Jede Anmeldung von ${who} endet sofort, und mit ihr, was ${who} vorgeschlagen hat und noch wartet. Nur der Betrieb am Terminal lässt ${who} wieder ein.`,
    proposed: "Eine zweite Person der Administration muss zustimmen. Es wartet unter „Freigaben“.",
    isDisabled: "Die Person ist gesperrt.",
    noneWhy: "Die erste Person trägt der Betrieb am Terminal ein: `fincore staff add`.",
  },
);

type Role = "viewer" | "support" | "finance" | "admin";

/** Roles in words; one that counts in a mode or for a merchant alone is shown as it is written. */
export const ROLES = names<Role>(
  { viewer: "Viewer", support: "Support", finance: "Finance", admin: "Administration" },
  { viewer: "Ansicht", support: "Support", finance: "Finanzen", admin: "Administration" },
);
