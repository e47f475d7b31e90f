import { cx } from './cx.ts';
import styles from './Skeleton.module.css';

interface Props {
  width?: number | string;
  height?: number | string;
  className?: string | undefined;
}

/** The shape of what will come; a page of them is wrapped in SkeletonGroup, which tells screen readers to wait. */
export function Skeleton({ width = '100%', height = 20, className }: Props) {
  return <span className={cx(styles.bone, className)} style={{ width, height }} aria-hidden="true" />;
}

export function SkeletonGroup({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <div role="status" className={styles.group}>
      <span className="visually-hidden">{label}</span>
      {children}
    </div>
  );
}
