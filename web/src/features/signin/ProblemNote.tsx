import { useTranslation } from 'react-i18next';
import { problemWords } from '@/parts/problemText.ts';
import styles from './Frame.module.css';

/** Why the form was not accepted; read out as it appears. */
export function ProblemNote({ failure }: { failure: unknown }) {
  const { t } = useTranslation();
  if (!failure) return null;
  const { title, text } = problemWords(failure, t);
  return (
    <p className={styles.problem} role="alert">
      <strong>{title}</strong>
      {text}
    </p>
  );
}
