import type { UseQueryResult } from "@tanstack/react-query";
import type { RulesDifference } from "../api/types";
import { useTexts } from "../language/language";
import { Card } from "../parts/page";
import { Loaded } from "../parts/states";
import { RULES } from "./texts";

const SIGNS = { added: "+", removed: "−", same: " " } as const;

/** How a version differs from another, line by line; the sign says it, the colour repeats it. */
export function DifferenceCard({ query, withVersion }: { query: UseQueryResult<RulesDifference, Error>; withVersion: number }) {
  const t = useTexts(RULES);
  return (
    <Card title={t.difference(withVersion)}>
      <Loaded query={query}>
        {({ lines }) =>
          lines.every((line) => line.change === "same") ? (
            <p className="quiet">{t.noDifference}</p>
          ) : (
            <pre className="difference" tabIndex={0} aria-label={t.difference(withVersion)}>
              {lines.map((line) => (
                <span key={`${line.before}-${line.after}`} data-change={line.change}>
                  {SIGNS[line.change]} {line.text}
                  {"\n"}
                </span>
              ))}
            </pre>
          )
        }
      </Loaded>
    </Card>
  );
}
