import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Person } from '@/api/generated/types.gen.ts';
import { Avatar } from '@/ui/Avatar.tsx';
import { Button } from '@/ui/Button.tsx';
import { EmptyState } from '@/ui/EmptyState.tsx';
import { Field } from '@/ui/Field.tsx';
import { Icon } from '@/ui/icons.tsx';
import { peopleShown, type SortBy } from './list.ts';
import styles from './PeopleTable.module.css';

const page = 100; // rows; more come by the button, so that a school of 1,000 opens at once
const columns = ['name', 'role', 'classes'] as const;

interface HeadProps {
  sortBy: SortBy;
  descending: boolean;
  onSort: (by: SortBy) => void;
}

function Head({ sortBy, descending, onSort }: HeadProps) {
  const { t } = useTranslation('school');
  return (
    <thead>
      <tr>
        {columns.map((column) => {
          const order = column === sortBy ? (descending ? 'descending' : 'ascending') : 'none';
          return (
            <th key={column} scope="col" aria-sort={order}>
              <button type="button" className={styles.sort} onClick={() => onSort(column)}>
                {t(`column.${column}`)}
                {order !== 'none' && (
                  <Icon
                    name="chevronDown"
                    size={16}
                    className={order === 'ascending' ? styles.up : undefined}
                  />
                )}
              </button>
            </th>
          );
        })}
        <th>
          <span className="visually-hidden">{t('column.actions')}</span>
        </th>
      </tr>
    </thead>
  );
}

type ForPerson = ((person: Person) => void) | undefined;

function Row({
  person,
  onLink,
  onClasses,
}: {
  person: Person;
  onLink: (person: Person) => void;
  onClasses: ForPerson;
}) {
  const { t } = useTranslation('school');
  const { t: common } = useTranslation();
  return (
    <tr>
      <td className={styles.who}>
        <div className={styles.person}>
          <Avatar name={person.name} size={36} />
          <span className={styles.name}>
            {person.name}
            {person.login && <span className={styles.login}>{person.login}</span>}
          </span>
        </div>
      </td>
      <td className={styles.role}>{common(`account.${person.role}`)}</td>
      <td className={styles.classes}>{person.classes.map((one) => one.name).join(', ') || '–'}</td>
      <td className={styles.act}>
        {onClasses && (
          <Button
            look="plain"
            icon="people"
            aria-label={t('member.of', { name: person.name })}
            onClick={() => onClasses(person)}
          >
            {t('member.short')}
          </Button>
        )}
        <Button
          look="plain"
          icon="link"
          aria-label={t('link.of', { name: person.name })}
          onClick={() => onLink(person)}
        >
          {t('link.short')}
        </Button>
      </td>
    </tr>
  );
}

interface Props {
  people: readonly Person[];
  classId: string;
  onLink: (person: Person) => void;
  /** Absent while there is no class to choose. */
  onClasses: ((person: Person) => void) | undefined;
}

export function PeopleTable({ people, classId, onLink, onClasses }: Props) {
  const { t, i18n } = useTranslation('school');
  const [search, setSearch] = useState('');
  const [sort, setSort] = useState<{ by: SortBy; descending: boolean }>({ by: 'name', descending: false });
  const [limit, setLimit] = useState(page);
  const shown = { search, classId, sortBy: sort.by, descending: sort.descending };
  const found = peopleShown(people, shown, i18n.language);
  const onSort = (by: SortBy) => setSort({ by, descending: sort.by === by && !sort.descending });
  return (
    <>
      <Field
        type="search"
        label={t('search')}
        value={search}
        onChange={(event) => setSearch(event.target.value)}
        autoComplete="off"
      />
      <p className={styles.count} role="status">
        {t('found', { count: found.length })}
      </p>
      {found.length === 0 ? (
        <EmptyState icon="search" title={t('nobody')} text={t('nobodyText')} />
      ) : (
        <table className={styles.table}>
          <Head sortBy={sort.by} descending={sort.descending} onSort={onSort} />
          <tbody>
            {found.slice(0, limit).map((person) => (
              <Row key={person.id} person={person} onLink={onLink} onClasses={onClasses} />
            ))}
          </tbody>
        </table>
      )}
      {found.length > limit && (
        <Button wide onClick={() => setLimit(limit + page)}>
          {t('more')}
        </Button>
      )}
    </>
  );
}
