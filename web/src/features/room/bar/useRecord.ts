import { useRoom, useSession } from '../roomContext.tsx';

/** Whether the lesson is being recorded, and the teacher's switch. */
export function useRecord() {
  const session = useSession();
  const on = useRoom((room) => room.recording.state !== 'off');
  const toggle = () => void session.ask('record', 'record', { on: !on });
  return { on, toggle };
}
