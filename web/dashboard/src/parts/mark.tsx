import mark from "../mark.svg";

/** FinCore's mark. Beside the name it says nothing more. */
export function Mark({ size }: { size: number }) {
  return <img src={mark} alt="" width={size} height={size} />;
}
