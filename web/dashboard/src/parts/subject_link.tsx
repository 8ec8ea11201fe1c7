import { Link } from "@tanstack/react-router";
import { useModeOfPage } from "../session/mode";

/** What an entry of the ledger is of: charges and settlement files lead to their screens, anything else to all entries of it. */
export function SubjectLink({ subject }: { subject: string }) {
  const mode = useModeOfPage();
  if (subject.startsWith("ch_")) {
    return (
      <Link to="/$mode/charges/$chargeId" params={{ mode, chargeId: subject }} className="code">
        {subject}
      </Link>
    );
  }
  if (subject.startsWith("sf_")) {
    return (
      <Link to="/$mode/settlement_files/$fileId" params={{ mode, fileId: subject }} className="code">
        {subject}
      </Link>
    );
  }
  return (
    <Link to="/$mode/ledger_entries" params={{ mode }} search={{ subject }} className="code">
      {subject}
    </Link>
  );
}
