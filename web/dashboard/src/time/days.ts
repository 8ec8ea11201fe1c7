// Days as people write them, `2026-11-27`, in the viewer's zone.

export const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** When a day begins in the viewer's zone, some days later; a day that is none gives an invalid filter no chance. */
export function beginOf(day: string, daysLater: number): string {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  return new Date(year, month - 1, date + daysLater).toISOString();
}
