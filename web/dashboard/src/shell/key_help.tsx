import { useTexts } from "../language/language";
import { Dialog } from "../parts/dialog";
import { PARTS } from "../parts/texts";
import { SHELL } from "./texts";

/** What the keys do. */
export function KeyHelp({ close }: { close: () => void }) {
  const t = useTexts(SHELL);
  const parts = useTexts(PARTS);
  const keys: readonly (readonly [readonly string[], string])[] = [
    [["/"], t.keySearch],
    [["j", "k"], t.keyMove],
    [["Enter"], t.keyOpen],
    [["Esc"], t.keyClose],
    [["?"], t.keyHelp],
  ];
  return (
    <Dialog title={t.keyboard} close={close}>
      <dl className="keys">
        {keys.flatMap(([pressed, does]) => [
          <dt key={`${does}:keys`}>
            {pressed.map((key) => (
              <span key={key}>
                <kbd>{key}</kbd>{" "}
              </span>
            ))}
          </dt>,
          <dd key={does}>{does}</dd>,
        ])}
      </dl>
      <div className="buttons">
        <button type="button" className="button" onClick={close}>
          {parts.close}
        </button>
      </div>
    </Dialog>
  );
}
