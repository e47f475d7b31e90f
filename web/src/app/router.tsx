import { QueryClient } from '@tanstack/react-query';
import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
} from '@tanstack/react-router';

export const queryClient = new QueryClient();

const root = createRootRoute({ component: Outlet });

const today = createRoute({
  getParentRoute: () => root,
  path: '/',
  component: lazyRouteComponent(() => import('@/features/today/Page.tsx')),
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  component: lazyRouteComponent(() => import('@/features/signin/Page.tsx')),
});

const replay = createRoute({
  getParentRoute: () => root,
  path: '/replay/$id',
  component: lazyRouteComponent(() => import('@/features/replay/Page.tsx')),
});

const school = createRoute({
  getParentRoute: () => root,
  path: '/school',
  component: lazyRouteComponent(() => import('@/features/school/Page.tsx')),
});

const lesson = createRoute({
  getParentRoute: () => root,
  path: '/lesson/$id',
  component: lazyRouteComponent(() => import('@/features/room/Page.tsx')),
});

export const router = createRouter({
  routeTree: root.addChildren([today, signIn, lesson, replay, school]),
  defaultPreload: 'intent',
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
