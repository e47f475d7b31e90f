import { describe, expect, it } from 'vitest';
import type { Person } from '@/api/generated/types.gen.ts';
import { peopleShown, type Shown } from './list.ts';

const person = (name: string, role: Person['role'], ...classes: string[]): Person => ({
  id: name,
  name,
  role,
  login: '',
  classes: classes.map((one) => ({ id: one, name: one })),
});

const people = [
  person('Яна Ёлкина', 'student', '10А'),
  person('Анна Петрова', 'teacher', '7Б', '10А'),
  person('Борис Константинопольский-Рождественский', 'student', '7Б'),
  person('Вера', 'admin'),
];

const all: Shown = { search: '', classId: '', sortBy: 'name', descending: false };
const names = (shown: Partial<Shown>) =>
  peopleShown(people, { ...all, ...shown }, 'ru').map((one) => one.name[0]);

describe('peopleShown', () => {
  it('goes by the alphabet', () => expect(names({})).toEqual(['А', 'Б', 'В', 'Я']));
  it('turns round', () => expect(names({ descending: true })).toEqual(['Я', 'В', 'Б', 'А']));
  it('finds by parts of words in any order', () => expect(names({ search: 'рожд бор' })).toEqual(['Б']));
  it('takes ё for е', () => expect(names({ search: 'елкина' })).toEqual(['Я']));
  it('finds by class', () => expect(names({ search: '7б' })).toEqual(['А', 'Б']));
  it('narrows to a class', () => expect(names({ classId: '10А' })).toEqual(['А', 'Я']));
  it('puts the admin first by role', () => expect(names({ sortBy: 'role' })).toEqual(['В', 'А', 'Б', 'Я']));
  it('counts classes as people do: 7 before 10', () => {
    expect(names({ sortBy: 'classes' })).toEqual(['В', 'Б', 'А', 'Я']);
  });
  it('leaves the list it was given alone', () => {
    const before = [...people];
    names({ sortBy: 'role', descending: true });
    expect(people).toEqual(before);
  });
});
