import { useTranslation } from 'react-i18next';
import styles from './Brand.module.css';

/** The bell and the name. */
export function Brand({ size = 32 }: { size?: number }) {
  const { t } = useTranslation();
  return (
    <span className={styles.brand}>
      <svg viewBox="0 0 32 32" width={size} height={size} aria-hidden="true">
        <rect width="32" height="32" rx="9" className={styles.ground} />
        <path
          className={styles.bell}
          d="M16 6.5c-4.2 0-6.8 3-6.8 7v3.6c0 1.3-.5 2.2-1.3 3.1-.6.7-.2 1.8.8 1.8h14.6c1 0 1.4-1.1.8-1.8-.8-.9-1.3-1.8-1.3-3.1v-3.6c0-4-2.6-7-6.8-7Z"
        />
        <path className={styles.clapper} d="M13.2 24.3a2.9 2.9 0 0 0 5.6 0" />
      </svg>
      <span className={styles.name}>{t('appName')}</span>
    </span>
  );
}
