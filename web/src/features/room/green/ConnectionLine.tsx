import { useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { cx } from '@/ui/cx.ts';
import { Icon } from '@/ui/icons.tsx';
import { probe } from '../probe.ts';
import styles from './GreenRoom.module.css';

const slow = 400; // ms for a small answer; above it speech overlaps

/** One light and one sentence about the way to the school's server. */
export function ConnectionLine({ id }: { id: string }) {
  const { t } = useTranslation('room');
  const { data } = useQuery({
    queryKey: ['way', id],
    queryFn: () => measure(id),
    refetchInterval: 5_000,
    networkMode: 'always',
  });
  const kind = data ?? 'measuring';
  return (
    <p className={cx(styles.way, styles[kind])} data-kind={kind}>
      <Icon name={kind === 'none' ? 'wifiOff' : 'wifi'} size={20} />
      {t(`green.way.${kind}`)}
    </p>
  );
}

async function measure(id: string): Promise<'good' | 'slow' | 'none'> {
  const before = performance.now();
  const answer = await probe(id);
  if (answer === 'unreachable') return 'none';
  return performance.now() - before < slow ? 'good' : 'slow';
}
