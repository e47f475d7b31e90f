import { useQuery, useSuspenseQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Today } from '@/api/generated/types.gen.ts';
import { meQuery, todayQuery } from '@/api/queries.ts';
import { Failure } from '@/parts/Failure.tsx';
import { Shell } from '@/parts/Shell.tsx';
import { day } from '@/parts/time.ts';
import { Button } from '@/ui/Button.tsx';
import { Skeleton, SkeletonGroup } from '@/ui/Skeleton.tsx';
import { Day } from './Day.tsx';
import { Now } from './Now.tsx';
import { nextLesson } from './order.ts';
import styles from './Page.module.css';
import { Rewatch } from './Rewatch.tsx';
import { StartLesson } from './StartLesson.tsx';

function Content({ today }: { today: Today }) {
  const { person } = useSuspenseQuery(meQuery).data;
  const now = Date.parse(today.now);
  const next = nextLesson(today.lessons, now);
  return (
    <>
      <Now lesson={next} now={now} restToday={today.lessons.length > 0} role={person.role} />
      <div className={styles.columns}>
        <Day lessons={today.lessons} recordings={today.recordings} now={now} nextId={next?.id} />
        <Rewatch recordings={today.recordings} role={person.role} />
      </div>
    </>
  );
}

export default function Page() {
  const { t, i18n } = useTranslation('today');
  const { person, school } = useSuspenseQuery(meQuery).data;
  const [starting, setStarting] = useState(false);
  const today = useQuery(todayQuery);
  return (
    <Shell>
      <title>{t('pageTitle', { school: school.name })}</title>
      <div className={styles.head}>
        <div>
          <p className={styles.school}>{school.name}</p>
          <h1 className={styles.date}>
            {day(today.data?.now ?? new Date(), school.timeZone, i18n.language)}
          </h1>
        </div>
        {person.role !== 'student' && (
          <Button icon="plus" onClick={() => setStarting(true)}>
            {t('start.open')}
          </Button>
        )}
      </div>
      {today.isPending && (
        <SkeletonGroup label={t('loading')}>
          <Skeleton height={168} />
          <Skeleton height={64} />
          <Skeleton height={64} />
        </SkeletonGroup>
      )}
      {today.isError && !today.data && (
        <Failure failure={today.error} onRetry={() => void today.refetch()} busy={today.isFetching} alone />
      )}
      {today.data && <Content today={today.data} />}
      {starting && <StartLesson onClose={() => setStarting(false)} />}
    </Shell>
  );
}
