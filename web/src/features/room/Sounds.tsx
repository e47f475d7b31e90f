import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { isSound, type SlotKind } from '@/rtc/Subscriber.ts';
import { Button } from '@/ui/Button.tsx';
import { useLocal, useMedia, useRoom, useSession } from './roomContext.tsx';
import styles from './Sounds.module.css';

/** The elements that make the room heard, one for each sound slot; they live as long as the stay. */
export function Sounds() {
  const { kinds } = useSession();
  return (
    <>
      {kinds.map((kind, slot) =>
        // biome-ignore lint/suspicious/noArrayIndexKey: the index of its m-line is what names a slot
        isSound(kind) ? <Sound key={slot} kind={kind} slot={slot} /> : null,
      )}
      <TapToHear />
    </>
  );
}

function Sound({ kind, slot }: { kind: SlotKind; slot: number }) {
  const session = useSession();
  const { speaker } = useLocal(useMedia()).choices;
  const subscription = useRoom((room) => room.subscription);
  const occupant = useRoom((room) => room.slots[slot]?.participant ?? '');
  const ref = useRef<HTMLAudioElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another subscription has other streams for the same slots
  useEffect(() => {
    const audio = ref.current;
    if (!audio) return undefined;
    audio.srcObject = session.stream(slot) ?? null;
    if (audio.srcObject) void play(audio).then((refused) => refused && session.soundBlocked(true));
    return () => {
      audio.srcObject = null;
    };
  }, [session, slot, subscription]);
  useEffect(() => {
    const audio = ref.current;
    if (audio && 'setSinkId' in audio) void audio.setSinkId(speaker).catch(() => {}); // gone: the default stays
  }, [speaker]);
  return (
    <audio
      ref={ref}
      data-testid="sound"
      data-slot-kind={kind}
      data-slot={slot}
      data-participant={occupant}
      autoPlay
    />
  );
}

/** True when the browser wants a touch of the page first. */
async function play(audio: HTMLAudioElement): Promise<boolean> {
  try {
    await audio.play();
    return false;
  } catch (failure) {
    return failure instanceof DOMException && failure.name === 'NotAllowedError';
  }
}

/** Any touch will do for the browser, so any touch brings the sound; the button is what people look for. */
function TapToHear() {
  const { t } = useTranslation('room');
  const session = useSession();
  const blocked = useRoom((room) => room.soundBlocked);
  useEffect(() => {
    if (!blocked) return undefined;
    const hear = async () => {
      const all = [...document.querySelectorAll<HTMLAudioElement>('audio[data-slot-kind]')];
      const refused = await Promise.all(all.filter((audio) => audio.srcObject).map(play));
      session.soundBlocked(refused.includes(true));
    };
    const touched = () => void hear();
    document.addEventListener('click', touched);
    document.addEventListener('keydown', touched);
    return () => {
      document.removeEventListener('click', touched);
      document.removeEventListener('keydown', touched);
    };
  }, [session, blocked]);
  if (!blocked) return null;
  return (
    <div className={styles.tap} role="alert">
      <p>{t('sound.blocked')}</p>
      <Button look="bell" size="l" icon="speaker" data-testid="tap-to-hear">
        {t('sound.hear')}
      </Button>
    </div>
  );
}
