import { useSuspenseQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { RecordingCard } from '@/api/generated/types.gen.ts';
import { meQuery } from '@/api/queries.ts';
import { lengthText, moment } from '@/parts/time.ts';
import { cx } from '@/ui/cx.ts';
import { EmptyState } from '@/ui/EmptyState.tsx';
import { Icon } from '@/ui/icons.tsx';
import { byWatching, progress, watched } from './order.ts';
import page from './Page.module.css';
import styles from './Rewatch.module.css';

function Card({ card }: { card: RecordingCard }) {
  const { t, i18n } = useTranslation('today');
  const { t: words } = useTranslation();
  const { school } = useSuspenseQuery(meQuery).data;
  const state = watched(card);
  const left = lengthText(card.seconds - card.resumeSeconds, words);
  const far = {
    new: card.state === 'ready' ? t('rewatch.new') : '',
    begun: t('rewatch.left', { left }),
    watched: t('rewatch.watched'),
  }[state];
  return (
    <li className={styles.card}>
      <span className={cx(styles.stamp, state === 'watched' && styles.quiet)} aria-hidden="true">
        <Icon name={state === 'watched' ? 'check' : 'play'} size={22} />
      </span>
      <div className={styles.words}>
        <Link to="/replay/$id" params={{ id: card.id }} className={styles.link}>
          {card.title}
        </Link>
        <span className={styles.about}>
          {card.className} · {moment(card.startedAt, school.timeZone, i18n.language)}
        </span>
        <span className={styles.about}>
          {card.state === 'ready' ? lengthText(card.seconds, words) : <b>{t(`rewatch.${card.state}`)}</b>}
          {far && <span className={styles.far}>{far}</span>}
        </span>
        {state === 'begun' && (
          <span className={styles.bar} aria-hidden="true">
            <span style={{ width: `${progress(card) * 100}%` }} />
          </span>
        )}
      </div>
    </li>
  );
}

interface Props {
  recordings: readonly RecordingCard[];
  role: 'admin' | 'teacher' | 'student';
}

export function Rewatch({ recordings, role }: Props) {
  const { t } = useTranslation('today');
  return (
    <section aria-labelledby="rewatch">
      <h2 id="rewatch" className={page.heading}>
        {t('rewatch.title')}
      </h2>
      {recordings.length === 0 ? (
        <EmptyState
          icon="play"
          title={t('rewatch.none')}
          text={role === 'student' ? t('rewatch.noneStudent') : t('rewatch.noneTeacher')}
        />
      ) : (
        <ul className={styles.list}>
          {byWatching(recordings).map((card) => (
            <Card key={card.id} card={card} />
          ))}
        </ul>
      )}
    </section>
  );
}
