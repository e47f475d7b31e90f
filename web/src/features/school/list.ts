import type { Person } from '@/api/generated/types.gen.ts';

export type SortBy = 'name' | 'role' | 'classes';

export interface Shown {
  search: string;
  classId: string;
  sortBy: SortBy;
  descending: boolean;
}

const rank = { admin: 0, teacher: 1, student: 2 };

/** "ё" and "е" are one letter to whoever searches. */
function plain(text: string, language: string): string {
  return text.toLocaleLowerCase(language).replaceAll('ё', 'е');
}

function classesOf(person: Person): string {
  return person.classes.map((one) => one.name).join(', ');
}

/** Those whose name, login or class has every word of the search, in the asked order; equals go by name. */
export function peopleShown(people: readonly Person[], shown: Shown, language: string): Person[] {
  const words = plain(shown.search, language).split(/\s+/).filter(Boolean);
  const found = people.filter((person) => {
    if (shown.classId && !person.classes.some((one) => one.id === shown.classId)) return false;
    const text = plain(`${person.name} ${person.login} ${classesOf(person)}`, language);
    return words.every((word) => text.includes(word));
  });
  const collator = new Intl.Collator(language, { numeric: true, sensitivity: 'base' });
  const by: Record<SortBy, (a: Person, b: Person) => number> = {
    name: (a, b) => collator.compare(a.name, b.name),
    role: (a, b) => rank[a.role] - rank[b.role],
    classes: (a, b) => collator.compare(classesOf(a), classesOf(b)),
  };
  const sign = shown.descending ? -1 : 1;
  return found.sort((a, b) => sign * by[shown.sortBy](a, b) || by.name(a, b));
}
