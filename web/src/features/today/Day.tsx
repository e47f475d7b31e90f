import { useSuspenseQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Lesson, RecordingCard } from '@/api/generated/types.gen.ts';
import { meQuery } from '@/api/queries.ts';
import { clock } from '@/parts/time.ts';
import { cx } from '@/ui/cx.ts';
import { EmptyState } from '@/ui/EmptyState.tsx';
import { Icon } from '@/ui/icons.tsx';
import styles from './Day.module.css';
import { byTime, isAhead } from './order.ts';
import page from './Page.module.css';

interface RowProps {
  lesson: Lesson;
  recording: RecordingCard | undefined;
  ahead: boolean;
  main: boolean;
}

function Row({ lesson, recording, ahead, main }: RowProps) {
  const { t, i18n } = useTranslation('today');
  const { school } = useSuspenseQuery(meQuery).data;
  const link =
    ahead && lesson.mayJoin ? (
      <Link to="/lesson/$id" params={{ id: lesson.id }} className={styles.link}>
        {lesson.title}
      </Link>
    ) : recording ? (
      <Link to="/replay/$id" params={{ id: recording.id }} className={styles.link}>
        {lesson.title}
      </Link>
    ) : (
      <span className={styles.name}>{lesson.title}</span>
    );
  const mark =
    lesson.state === 'live' ? t('day.live') : !ahead ? (recording ? t('day.rewatch') : t('day.over')) : '';
  return (
    <li className={cx(styles.row, !ahead && styles.past, main && styles.main)}>
      <time className={styles.time} dateTime={lesson.startsAt}>
        {clock(lesson.startsAt, school.timeZone, i18n.language)}
      </time>
      <div className={styles.words}>
        {link}
        <span className={styles.about}>
          {lesson.className} · {lesson.teacherName} · {t('day.minutes', { count: lesson.minutes })}
        </span>
      </div>
      {mark && (
        <span className={cx(styles.mark, lesson.state === 'live' && styles.live)}>
          {recording && !ahead && <Icon name="play" size={16} />}
          {mark}
        </span>
      )}
    </li>
  );
}

interface Props {
  lessons: readonly Lesson[];
  recordings: readonly RecordingCard[];
  now: number;
  nextId: string | undefined;
}

/** The day as a page of the school diary: hours in the margin, a ruled line for each lesson. */
export function Day({ lessons, recordings, now, nextId }: Props) {
  const { t } = useTranslation('today');
  return (
    <section aria-labelledby="day">
      <h2 id="day" className={page.heading}>
        {t('day.title')}
      </h2>
      {lessons.length === 0 ? (
        <EmptyState icon="calendar" title={t('day.none')} text={t('day.noneText')} />
      ) : (
        <ol className={styles.diary}>
          {byTime(lessons).map((lesson) => (
            <Row
              key={lesson.id}
              lesson={lesson}
              recording={recordings.find((one) => one.lessonId === lesson.id)}
              ahead={isAhead(lesson, now)}
              main={lesson.id === nextId}
            />
          ))}
        </ol>
      )}
    </section>
  );
}
