import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { Lesson } from '@/api/generated/types.gen.ts';
import { buttonLook } from '@/ui/Button.tsx';
import { cx } from '@/ui/cx.ts';
import { EmptyState } from '@/ui/EmptyState.tsx';
import { Icon } from '@/ui/icons.tsx';
import styles from './Now.module.css';

const minute = 60_000; // ms

function When({ lesson, now }: { lesson: Lesson; now: number }) {
  const { t } = useTranslation('today');
  if (lesson.state === 'live') {
    return (
      <span className={cx(styles.when, styles.live)}>
        <Icon name="bell" size={20} />
        {t('now.live')}
      </span>
    );
  }
  const minutes = Math.round((Date.parse(lesson.startsAt) - now) / minute);
  const text =
    minutes <= 0 ? t('now.due') : minutes < 60 ? t('now.inMinutes', { count: minutes }) : t('now.next');
  return (
    <span className={styles.when}>
      <Icon name="clock" size={20} />
      {text}
    </span>
  );
}

interface Props {
  lesson: Lesson | undefined;
  now: number;
  /** There are lessons today, all behind. */
  restToday: boolean;
  role: 'admin' | 'teacher' | 'student';
}

/** What is on now or next, with the one button that matters. */
export function Now({ lesson, now, restToday, role }: Props) {
  const { t } = useTranslation('today');
  if (!lesson) {
    return (
      <section className={styles.card} aria-label={t('now.label')}>
        <EmptyState
          icon="bell"
          title={restToday ? t('now.over') : t('now.none')}
          text={role === 'student' ? t('now.noneStudent') : t('now.noneTeacher')}
        />
      </section>
    );
  }
  const live = lesson.state === 'live';
  const enter = lesson.mayModerate && !live ? t('now.begin') : live ? t('now.join') : t('now.early');
  return (
    <section className={cx(styles.card, live && styles.ringing)} aria-label={t('now.label')}>
      <div className={styles.words}>
        <When lesson={lesson} now={now} />
        <h2 className={styles.title}>{lesson.title}</h2>
        <p className={styles.about}>
          <span>{lesson.className}</span>
          <span>{lesson.teacherName}</span>
          {lesson.inside > 0 && <span>{t('now.inside', { count: lesson.inside })}</span>}
          {lesson.recorded && (
            <span className={styles.recorded}>
              <Icon name="record" size={12} />
              {t('recorded')}
            </span>
          )}
        </p>
      </div>
      <Link to="/lesson/$id" params={{ id: lesson.id }} className={buttonLook('bell', 'l')}>
        {enter}
        <Icon name="arrowRight" />
      </Link>
    </section>
  );
}
