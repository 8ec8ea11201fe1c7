import { useLanguage, useTexts } from "../language/language";
import { useLogOut } from "../session/session";
import { useMe } from "../session/permission";
import { SHELL } from "./texts";

/** Who is logged in, with which roles; the language; the way out. */
export function AccountMenu({ help }: { help: () => void }) {
  const t = useTexts(SHELL);
  const me = useMe();
  const logOut = useLogOut();
  const { language, speak } = useLanguage();
  const roles = me.grants.map(({ role, mode, merchant }) =>
    [role, mode === null ? t.bothModes : t[mode], merchant ?? ""].filter(Boolean).join(" · "),
  );
  return (
    <>
      <button type="button" className="button account" data-kind="plain" popoverTarget="account" aria-label={`${t.account}: ${me.name}`}>
        <span className="only-wide">{me.name}</span>
        <span className="only-narrow" aria-hidden="true">
          {me.name.slice(0, 1).toUpperCase()}
        </span>
      </button>
      <div className="menu" id="account" popover="auto">
        <p>
          <strong>{me.name}</strong>
          <br />
          <span className="quiet small">{me.username}</span>
        </p>
        <p className="small">
          <span className="quiet">{t.roles}</span>
          {roles.map((role) => (
            <span key={role}>
              <br />
              {role}
            </span>
          ))}
        </p>
        <button type="button" className="button" data-kind="plain" popoverTarget="account" popoverTargetAction="hide" onClick={help}>
          {t.keyboard} <kbd>?</kbd>
        </button>
        <button
          type="button"
          className="button"
          data-kind="plain"
          lang={language === "en" ? "de" : "en"}
          onClick={() => speak(language === "en" ? "de" : "en")}
        >
          {t.language}
        </button>
        <button type="button" className="button" data-kind="plain" onClick={logOut}>
          {t.logOut}
        </button>
      </div>
    </>
  );
}
