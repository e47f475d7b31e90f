import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import type { LocalMedia } from '@/rtc/LocalMedia.ts';
import { Button } from '@/ui/Button.tsx';
import { Icon } from '@/ui/icons.tsx';
import { RoomRoot } from '../RoomRoot.tsx';
import { ConnectionLine } from './ConnectionLine.tsx';
import { DeviceProblems } from './DeviceProblems.tsx';
import styles from './GreenRoom.module.css';
import { Pickers } from './Pickers.tsx';
import { Preview } from './Preview.tsx';

export interface GreenLesson {
  readonly title: string;
  readonly className: string;
  readonly teacherName: string;
  readonly recorded: boolean;
  readonly people: readonly { readonly id: string; readonly name: string }[];
}

interface Props {
  id: string;
  lesson: GreenLesson;
  name: string;
  media: LocalMedia;
  onJoin: () => void;
}

/** Before the lesson: see and hear oneself, know who is there and that it is recorded, and go in. */
export function GreenRoom({ id, lesson, name, media, onJoin }: Props) {
  const { t } = useTranslation('room');
  return (
    <RoomRoot state="green" media="none">
      <main className={styles.place} data-testid="green-room" tabIndex={-1}>
        <div className={styles.columns}>
          <div className={styles.left}>
            <Preview media={media} name={name} />
            <DeviceProblems media={media} />
            <Pickers media={media} />
          </div>
          <div className={styles.right}>
            <Link to="/" className={styles.back}>
              <Icon name="arrowLeft" size={20} />
              {t('green.back')}
            </Link>
            <h1 className={styles.title}>{lesson.title}</h1>
            <p className={styles.about}>
              {t('green.about', { className: lesson.className, teacher: lesson.teacherName })}
            </p>
            <Inside people={lesson.people} />
            {lesson.recorded && (
              <p className={styles.recorded} data-testid="recorded-notice">
                <Icon name="record" size={20} />
                <span>{t('green.recorded')}</span>
              </p>
            )}
            <Button look="bell" size="l" wide data-testid="join" onClick={onJoin}>
              {t('green.join')}
            </Button>
            <p className={styles.as}>{t('green.as', { name })}</p>
            <ConnectionLine id={id} />
          </div>
        </div>
      </main>
    </RoomRoot>
  );
}

const named = 3; // more names than this is a list to study, not a glance

function Inside({ people }: { people: GreenLesson['people'] }) {
  const { t, i18n } = useTranslation('room');
  if (people.length === 0) return <p className={styles.inside}>{t('green.nobody')}</p>;
  const names = people.slice(0, named).map((one) => one.name);
  const rest = people.length - names.length;
  const list = new Intl.ListFormat(i18n.language, { type: 'conjunction' });
  const all = rest > 0 ? [...names, t('green.more', { count: rest })] : names;
  return <p className={styles.inside}>{t('green.inside', { names: list.format(all) })}</p>;
}
