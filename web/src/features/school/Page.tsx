import { useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { People } from '@/api/generated/types.gen.ts';
import { meQuery, peopleQuery } from '@/api/queries.ts';
import { Failure } from '@/parts/Failure.tsx';
import { Shell } from '@/parts/Shell.tsx';
import { Button } from '@/ui/Button.tsx';
import { EmptyState } from '@/ui/EmptyState.tsx';
import { Skeleton, SkeletonGroup } from '@/ui/Skeleton.tsx';
import { AddPerson } from './AddPerson.tsx';
import { Classes } from './Classes.tsx';
import styles from './Page.module.css';
import { PeopleTable } from './PeopleTable.tsx';
import { PersonClasses } from './PersonClasses.tsx';
import { PersonLink } from './PersonLink.tsx';

function Content({ school }: { school: People }) {
  const { t } = useTranslation('school');
  const [classId, setClassId] = useState('');
  const [adding, setAdding] = useState(false);
  const [linkOf, setLinkOf] = useState<People['people'][number]>();
  const [classesOf, setClassesOf] = useState('');
  const member = school.people.find((one) => one.id === classesOf);
  const alone = school.people.length <= 1;
  return (
    <>
      <Classes classes={school.classes} people={school.people} chosen={classId} onChoose={setClassId} />
      <section aria-labelledby="people">
        <div className={styles.head}>
          <h2 id="people" className={styles.heading}>
            {t('people')}
          </h2>
          <Button look={alone ? 'bell' : 'act'} icon="plus" onClick={() => setAdding(true)}>
            {t('add.open')}
          </Button>
        </div>
        {alone ? (
          <EmptyState icon="people" title={t('alone')} text={t('aloneText')} />
        ) : (
          <PeopleTable
            people={school.people}
            classId={classId}
            onLink={setLinkOf}
            onClasses={school.classes.length > 0 ? (person) => setClassesOf(person.id) : undefined}
          />
        )}
      </section>
      {adding && (
        <AddPerson
          classes={school.classes}
          classId={classId}
          onClose={() => setAdding(false)}
          onLink={(person) => {
            setAdding(false);
            setLinkOf(person);
          }}
        />
      )}
      {member && <PersonClasses person={member} classes={school.classes} onClose={() => setClassesOf('')} />}
      {linkOf && <PersonLink person={linkOf} onClose={() => setLinkOf(undefined)} />}
    </>
  );
}

export default function Page() {
  const { t } = useTranslation('school');
  const { school } = useSuspenseQuery(meQuery).data;
  const people = useQuery(peopleQuery);
  return (
    <Shell>
      <title>{t('pageTitle', { school: school.name })}</title>
      <h1 className={styles.title}>{school.name}</h1>
      {people.isPending && (
        <SkeletonGroup label={t('loading')}>
          <Skeleton height={44} width="60%" />
          <Skeleton height={64} />
          <Skeleton height={64} />
          <Skeleton height={64} />
        </SkeletonGroup>
      )}
      {people.isError && !people.data && (
        <Failure failure={people.error} onRetry={() => void people.refetch()} busy={people.isFetching} />
      )}
      {people.data && <Content school={people.data} />}
    </Shell>
  );
}
