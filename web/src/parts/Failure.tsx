import { Link } from '@tanstack/react-router';
import { useTranslation } from 'react-i18next';
import { Problem } from '@/api/problem.ts';
import { buttonLook } from '@/ui/Button.tsx';
import { ErrorState } from '@/ui/ErrorState.tsx';
import type { IconName } from '@/ui/icons.tsx';
import { problemWords } from './problemText.ts';

const hopeless = new Set(['forbidden', 'not_found', 'removed', 'lesson_ended', 'insecure', 'wrong_origin']);
const icons: Record<string, IconName> = {
  network: 'wifiOff',
  storage_away: 'cloudOff',
  database_away: 'clock',
};

interface Props {
  failure: unknown;
  onRetry?: () => void;
  busy?: boolean;
  /** Leave out the way back, where the page is Today itself or nobody is signed in. */
  alone?: boolean;
}

/** A failed request in the place of what it should have brought. */
export function Failure({ failure, onRetry, busy = false, alone = false }: Props) {
  const { t } = useTranslation();
  const { title, text } = problemWords(failure, t);
  const code = failure instanceof Problem ? failure.code : 'unknown';
  const retry = onRetry && !hopeless.has(code) ? { onRetry, retryLabel: t('retry'), busy } : {};
  const back = alone ? null : (
    <Link to="/" className={buttonLook('quiet')}>
      {t('toToday')}
    </Link>
  );
  return <ErrorState icon={icons[code] ?? 'warning'} title={title} text={text} {...retry} action={back} />;
}
