import { Dialog as Base } from "@base-ui/react/dialog";
import type { ReactNode } from "react";
import { LoginEndedBar } from "../session/ended";

interface DialogProps {
  readonly title: string;
  readonly description?: string;
  readonly size?: "wide";
  /** Closes it: by Escape, by a click beside it, or by a button in it. */
  readonly close: () => void;
  readonly children: ReactNode;
}

/** A dialog for as long as it is mounted: mount it to open it, so that what it keeps begins anew. */
export function Dialog({ title, description, size, close, children }: DialogProps) {
  return (
    <Base.Root open onOpenChange={(isOpen) => !isOpen && close()}>
      <Base.Portal>
        <Base.Backdrop className="backdrop" />
        <Base.Popup className="dialog" data-size={size}>
          <Base.Title>{title}</Base.Title>
          {description && <Base.Description className="quiet">{description}</Base.Description>}
          {children}
          <LoginEndedBar />
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}
